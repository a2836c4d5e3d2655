"""Spotify, with the operator's key and word."""
