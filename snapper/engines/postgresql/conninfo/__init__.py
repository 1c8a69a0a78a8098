"""Connection strings: what they say, and what is wrong with them before anybody connects."""
