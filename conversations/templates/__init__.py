"""Templates of platforms: kept as a copy of what the platform approved, chosen, filled and previewed."""
