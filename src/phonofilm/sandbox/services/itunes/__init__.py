"""A stand-in of the iTunes Search API."""
