"""Screens of privacy, for administrators."""
