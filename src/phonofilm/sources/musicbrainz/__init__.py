"""MusicBrainz: the open encyclopedia of music, by its web service, a mirror or its dumps."""
