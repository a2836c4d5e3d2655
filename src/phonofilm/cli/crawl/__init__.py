"""`phonofilm crawl`: collect, fill fields of artists, find tracks at another source."""
