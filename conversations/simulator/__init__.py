"""Doubles of the platforms: the real wire format in both directions, and a phone for each customer."""
