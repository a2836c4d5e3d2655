"""Draw what a command printed as docs/demo.svg.

FORCE_COLOR=1 COLUMNS=84 phonofilm demo | python -m docs.picture > docs/demo.svg
"""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.text import Text

_COLUMNS = 84


def picture(printed: str) -> str:
    """Return a terminal with coloured text as SVG, without the time that this machine took."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO())
    lines = [line for line in printed.splitlines() if "  Time  " not in line]
    console.print(Text.from_ansi("\n".join(lines)))
    return console.export_svg(title="phonofilm demo")


if __name__ == "__main__":
    sys.stdout.write(picture(sys.stdin.read()))
