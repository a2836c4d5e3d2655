"""Wikidata: keyless, CC0; exact dates, countries, composers and free pictures of anime."""
