"""A field plan carried out: each wanted field from the cheapest source that may be asked."""
