"""Ciphers and signatures: the one room that knows libraries of cryptography."""
