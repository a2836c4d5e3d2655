"""A source in a package of its own, as another project would write it."""
