"""Record a response in the frontier and write it to the landing."""
