"""Bring in files that exist already: dumps, archives, saved pages, audio clips."""
