"""Adyen over its Checkout API: hosted sessions for holds, payment links for sales; its word comes by webhook."""
