"""Write tables to files, with a data card for each."""
