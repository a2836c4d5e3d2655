"""Choose the next request by its expected information."""
