"""Writes the pages that are derived from the code: `make docs`."""

from __future__ import annotations

from pathlib import Path

from phonofilm.cli.sources import grouped
from phonofilm.sources import NAMES, get
from phonofilm.sources.manifest import Manifest
from phonofilm.warehouse.schema import dictionary

HERE = Path(__file__).parent


def sources() -> str:
    """What each source still gives, by access level, from the manifests."""
    lines = ["# Sources", "", "Generated from the manifests.", ""]
    for name in NAMES:
        lines += _source(get(name).manifest)
    return "\n".join(lines)


def _source(manifest: Manifest) -> list[str]:
    levels = list(manifest.access)
    lines = [
        f"## {manifest.title}",
        "",
        f"Terms: {manifest.terms.version}, {manifest.terms.url}",
        "",
    ]
    lines += [f"- {line}" for line in manifest.terms.summary]
    lines += ["", "| access level | who has it | budget |", "|---|---|---|"]
    for level, access in manifest.access.items():
        budget = ", ".join(f"{b.limit} in {b.seconds:.0f} s" for b in access.budgets)
        lines.append(f"| {level} | {access.text} | {budget} |")
    lines += [
        "",
        f"| call | {' | '.join(levels)} | page or batch |",
        "|---" * (len(levels) + 2) + "|",
    ]
    for name, endpoint in manifest.endpoints.items():
        has = [f"gone {endpoint.gone[a]}" if a in endpoint.gone else "yes" for a in levels]
        size = f"batch {endpoint.batch}" if endpoint.batch > 1 else ""
        if endpoint.paging:
            size = ", ".join(sorted({str(endpoint.page_size(a)) for a in levels}, key=int))
        lines.append(f"| {name} | {' | '.join(has)} | {size} |")
    lines += [
        "",
        f"| what | fields: rows a call, or since when none | {' | '.join(levels)} |",
        "|---" * (len(levels) + 2) + "|",
    ]
    for kind, cells, fields in grouped(manifest):
        lines.append(f"| {kind} | {', '.join(fields)} | {' | '.join(cells)} |")
    return [*lines, ""]


PAGES = {"data-dictionary.md": dictionary, "sources.md": sources}


def main() -> None:
    for name, write in PAGES.items():
        (HERE / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
