"""Closes what was posted into the hash chain."""
