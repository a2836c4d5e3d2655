"""Generated worlds and worlds made of real songs."""
