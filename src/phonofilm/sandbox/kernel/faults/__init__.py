"""Faults of services, by name, to be played on demand."""
