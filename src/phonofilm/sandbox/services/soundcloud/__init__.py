"""The stand-in of SoundCloud."""
