"""Open requests of one endpoint, ordered by expected gain."""
