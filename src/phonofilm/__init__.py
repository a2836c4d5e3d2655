"""Recipe in, dataset out: music and film catalogues collected politely, durably, lawfully."""

__version__ = "0.1.0"
