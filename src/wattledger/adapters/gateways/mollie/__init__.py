"""Mollie over its official SDK: hosted payments with manual capture, and mandates; it tells only where to look."""
