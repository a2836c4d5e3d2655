"""What services do wrong, by name, so that it can be played on demand."""
