"""A stand-in of Jamendo's API 3.0."""
