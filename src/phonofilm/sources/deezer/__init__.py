"""Deezer, keyless and live by default."""
