"""The Free Music Archive dataset: music with genres and licences, and clips of its sound."""
