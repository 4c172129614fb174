"""Screens of contacts."""
