"""Wattledger: every kilowatt-hour becomes exactly one explained, booked and paid bill."""

__version__ = "0.1.0"
