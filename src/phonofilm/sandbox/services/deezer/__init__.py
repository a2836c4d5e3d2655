"""A stand-in of the Deezer API as it answered in November 2026: keyless, errors inside HTTP 200."""
