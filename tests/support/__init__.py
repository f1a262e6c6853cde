"""What tests share: real servers, and patience with a deadline."""
