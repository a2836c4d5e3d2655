"""Writes the pages that are derived from the code: `make docs`."""

from __future__ import annotations

from pathlib import Path

from tests.test_faults import FOR_EVER, OUTCOMES
from tests.test_links import OUTCOMES as OF_LINKS
from tests.test_service_faults import OUTCOMES as OF_SERVICES
from tests.test_value_faults import OUTCOMES as OF_VALUES

from phonofilm.cli.sources import group_offers
from phonofilm.sandbox.kernel.faults.registry import (
    DUMP_FAULTS,
    LINK_FAULTS,
    SERVICE_FAULTS,
    VALUE_FAULTS,
)
from phonofilm.sandbox.kernel.faults.rules import described
from phonofilm.sources import get, source_names
from phonofilm.sources.manifest import Manifest
from phonofilm.warehouse.schema.dictionary import data_dictionary

HERE = Path(__file__).parent
FAULTS_INTRODUCTION = """# Faults

Generated from `tests/test_faults.py`, which plays each of them against a crawl: three times, and
some on every call. `phonofilm sandbox spotify --faults FILE` plays them on demand:

```toml
[[fault]]
name = "http_500"
on = "search"   # an endpoint as /__sandbox__/stats names it; all without it
after = 10      # not before so many calls
every = 5       # then one call in so many
times = 3       # at most so often
```

- **read**: all is taken that is there.
- **retried**: the same call again, at most five times; while the source is away, up to a minute.
- **waited**: as long as the source asks.
- **passed over**: this call has no answer, the others go on.
- **quarantined**: kept with its reason, and read again after an update.
- **parked**: nothing is asked until the minute of return.
- **capability absent**: remembered, and not asked again.
- **stopped**: with the exit code; everything so far is saved.

Each is told as a finding: what, where, how often (`phonofilm status`).
"""


def sources() -> str:
    """What each source still gives, by access level, from the manifests."""
    lines = ["# Sources", "", "Generated from the manifests.", ""]
    for name in source_names():
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
    for name, file in manifest.files.items():
        whole = f"{file.megabytes:g} MB"
        lines.append(f"| {name} (file) | {' | '.join('yes' for _ in levels)} | {whole} |")
    asked = {n: e for n, e in manifest.endpoints.items() if e.role != "stored"}
    for name, endpoint in asked.items():
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
    for group in group_offers(manifest):
        lines.append(f"| {group.kind} | {', '.join(group.fields)} | {' | '.join(group.cells)} |")
    return [*lines, ""]


def faults() -> str:
    """What the sandbox plays and how a crawl takes it: as the tests hold it."""
    lines = [
        FAULTS_INTRODUCTION,
        "| fault | what it plays | outcome | finding | on every call |",
        "|---|---|---|---|---|",
    ]
    for name, text in described().items():
        outcome, finding = OUTCOMES[name]
        lines.append(f"| {name} | {text} | {outcome} | {finding} | {FOR_EVER.get(name, '')} |")
    lines += ["", "Of dumps and title pages, as `tests/test_imports.py` plays them:", ""]
    lines += ["| fault | what it plays |", "|---|---|"]
    lines += [f"| {name} | {text} |" for name, text in described(DUMP_FAULTS).items()]
    lines += [
        "",
        "Of lists that are followed, and of what SoundCloud and Beatport were seen to do,",
    ]
    lines += ["as `tests/test_links.py` plays them:", ""]
    lines += [
        "| fault | what it plays | where | what comes of it | finding |",
        "|---|---|---|---|---|",
    ]
    for name, text in described(LINK_FAULTS).items():
        source, _, comes, finding = OF_LINKS[name]
        lines.append(f"| {name} | {text} | {source} | {_COMES[comes]} | {finding} |")
    return "\n".join([*lines, "", *_value_faults(), "", *_service_faults(), ""])


def _value_faults() -> list[str]:
    """Return the table of faults of values, which every endpoint of every source meets."""
    lines = [
        "Of values, ids and texts: `tests/test_value_faults.py` plays each at every endpoint of",
        "every source, and at one crawl.",
        "",
        "| fault | what it plays | what it costs | finding | crawl of |",
        "|---|---|---|---|---|",
    ]
    for name, text in described(VALUE_FAULTS).items():
        costs, finding, source, _ = OF_VALUES[name]
        lines.append(f"| {name} | {text} | {costs} | {finding} | {source} |")
    return lines


def _service_faults() -> list[str]:
    """Return the table of faults of single services."""
    lines = [
        "Of single services, as `tests/test_service_faults.py` plays them:",
        "",
        "| fault | what it plays | where | outcome | finding |",
        "|---|---|---|---|---|",
    ]
    for name, text in described(SERVICE_FAULTS).items():
        case = OF_SERVICES[name]
        lines.append(f"| {name} | {text} | {case.source} | {case.outcome} | {case.finding} |")
    return lines


_COMES = {
    "whole": "all is collected",
    "part": "the rest is collected",
    "none": "nobody is found",
    "wall": "stopped, exit 7",
    "files": "that file is refused",
}
PAGES = {"data-dictionary.md": data_dictionary, "sources.md": sources, "faults.md": faults}


def main() -> None:
    for name, write in PAGES.items():
        (HERE / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
