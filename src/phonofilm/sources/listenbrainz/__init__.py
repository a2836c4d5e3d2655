"""ListenBrainz: what people listen to, by MusicBrainz's ids."""
