"""TMDB: plot, poster, certificate and keywords, with a free key and six months of keeping."""
