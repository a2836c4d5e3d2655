"""Load landed responses and dumps into the warehouse."""
