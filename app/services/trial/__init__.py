"""What would be posted, and what of it would be right, before anything is."""
