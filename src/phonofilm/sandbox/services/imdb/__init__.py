"""A stand-in of IMDb: the daily dumps, and title pages behind their wall."""
