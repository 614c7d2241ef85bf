"""Decoding in processes of its own, so that no file can take the program along."""
