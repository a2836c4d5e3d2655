"""A stand-in of ReccoBeats."""
