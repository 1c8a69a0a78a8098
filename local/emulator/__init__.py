"""The AWS of one run: an emulator on loopback, with IAM enforced and TLS only."""
