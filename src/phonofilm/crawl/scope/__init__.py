"""Which part of a source a crawl follows, and how much of it."""
