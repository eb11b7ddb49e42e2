"""Training: one plain loop for every entry."""
