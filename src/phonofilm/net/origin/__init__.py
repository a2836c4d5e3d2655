"""Where responses come from: the live service under its terms, or a sandbox with none."""
