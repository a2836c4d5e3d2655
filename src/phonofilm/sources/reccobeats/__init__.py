"""ReccoBeats: tempo, key and mood of recordings, by Spotify's ids or ISRC."""
