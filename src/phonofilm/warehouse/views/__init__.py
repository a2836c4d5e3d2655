"""Views over the tables: merged entities, films, timed comments."""
