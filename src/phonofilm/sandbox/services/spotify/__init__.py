"""A stand-in of the Spotify Web API as it answered in November 2026, at four access levels."""
