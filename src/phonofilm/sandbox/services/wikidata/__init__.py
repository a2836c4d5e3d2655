"""A stand-in of Wikidata's query service over the film side of the world."""
