"""Stripe, through its official SDK: hosted Checkout with manual capture."""
