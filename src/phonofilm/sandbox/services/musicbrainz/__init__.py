"""A stand-in of MusicBrainz's web service 2, in JSON and XML."""
