"""Replace personal fields by keyed hashes and leave out erased people."""
