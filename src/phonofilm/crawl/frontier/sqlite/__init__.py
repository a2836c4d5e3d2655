"""Store a frontier in one SQLite file (WAL) in the data folder."""
