"""Stand-ins, one per source, each in its own wire format."""
