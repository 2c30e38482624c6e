"""Tries the known attacks on the station link, and the faults of the field, against one's own installation."""
