"""Match records of the same entity across sources, with a probability and its evidence."""
