"""AcousticBrainz, frozen in 2022: what was measured in recordings, by MusicBrainz's ids."""
