"""Beatport: what the music of clubs is called, how fast it goes, who puts it out."""
