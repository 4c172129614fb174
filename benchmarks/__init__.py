"""What Kontor's speed is, beside the limits of the same database in the same run: `make bench`."""
