"""Delete a person, expired rows and their files from a dataset."""
