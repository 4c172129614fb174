"""What the law asks: export, erase, hold, keep no longer than needed, and say who looked."""
