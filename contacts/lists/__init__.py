"""Many contacts at once: the list with its filters, segments, bulk labels, import and export."""
