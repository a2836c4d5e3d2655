"""Decide which part of a source a crawl follows, and how many records are wanted."""
