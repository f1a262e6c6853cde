"""What a person has to see to, and what they do about it."""
