"""Public comments: what stands below a brand's posts, answered in public, moved to private, hidden."""
