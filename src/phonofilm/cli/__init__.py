"""The command line: one module per verb, named after it."""
