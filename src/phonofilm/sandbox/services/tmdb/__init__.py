"""A stand-in of TMDB's API v3 over the film side of the world."""
