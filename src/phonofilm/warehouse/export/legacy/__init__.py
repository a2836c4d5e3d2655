"""Table shapes of the scripts that phonofilm replaces."""
