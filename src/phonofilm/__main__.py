"""Entry point of the command line.

Importing it takes most of a second; a signal meanwhile ends the process like any later one.
"""

from __future__ import annotations

import sys

from phonofilm.errors import INTERRUPTED


def main() -> None:
    """Import the command line and run it."""
    try:
        from phonofilm.cli.main import main as run  # noqa: PLC0415 - the signal
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
