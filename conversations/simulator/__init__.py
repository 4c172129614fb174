"""Doubles of the platforms that speak the real wire format in both directions, with a phone for each customer."""
