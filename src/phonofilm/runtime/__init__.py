"""The event loop and its signals."""
