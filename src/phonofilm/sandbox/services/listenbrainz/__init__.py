"""A stand-in of ListenBrainz."""
