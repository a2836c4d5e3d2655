"""Write tables to files, with a data card beside each."""
