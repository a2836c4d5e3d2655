"""IMDb: the official daily dumps, and title pages that somebody saved."""
