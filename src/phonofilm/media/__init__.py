"""Download the files that records point to, stored by content hash."""
