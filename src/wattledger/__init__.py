"""Wattledger: every kilowatt-hour becomes exactly one explained, booked and paid bill."""
