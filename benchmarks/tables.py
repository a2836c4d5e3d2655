"""Figures as Markdown, for the screen and for RESULTS.md alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(title: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print(f"\n### {title}\n")
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(str(value) for value in row) + " |")
