"""Contacts for integrators. `config/api.py` mounts the views and says which contacts a caller may see."""
