"""Entry point of `python -m phonofilm`."""

from phonofilm.cli.main import main

main()
