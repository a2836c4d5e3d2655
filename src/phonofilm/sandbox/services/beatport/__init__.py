"""The stand-in of Beatport."""
