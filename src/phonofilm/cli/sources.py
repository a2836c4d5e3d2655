"""`phonofilm sources`: what each source still gives, and what a key is good for."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import note, print_json, print_table, say, warn
from phonofilm.config import load_settings
from phonofilm.crawl.probe import ProbeResult, probe
from phonofilm.errors import UsageError
from phonofilm.formatting import format_duration
from phonofilm.records.kinds import OFFERED
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, source_names
from phonofilm.sources.capabilities import Offer, offers
from phonofilm.sources.manifest import Manifest

# No request returns as many rows as a file has.
_FILE_ROWS_MIN = 100_000


class OfferGroup(NamedTuple):
    """Fields of one kind with the same offers; `cells` has one offer in words per access level."""

    kind: str
    cells: tuple[str, ...]
    fields: list[str]


def command(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One source, in full.")] = "",
    probing: Annotated[
        bool, typer.Option("--probe", help="Ask each kind of call once: what your key is good for.")
    ] = False,
    at: shared.At = None,
    data: shared.Data = None,
    config: shared.Config = None,
    json: shared.Json = False,
) -> None:
    """Show what each source still gives: fields, access levels, calls, licence, dates."""
    if probing:
        if not name:
            raise UsageError("Probe which one?", next_step="phonofilm sources spotify --probe")
        settings = load_settings(config)
        probed = run(probe(shared.open_workspace(data, settings), settings, name, at))
        print_json(probed) if json else _print_probe(probed)
        return
    manifests = [get(source).manifest for source in ([name] if name else source_names())]
    if json:
        print_json([row for manifest in manifests for row in _json_rows(manifest)])
        return
    for manifest in manifests:
        _print_source(manifest)
    note("Rows a call; a date says since when none. Next: phonofilm plan --want artists=1000")


def _json_rows(manifest: Manifest) -> list[dict[str, object]]:
    """Return one document per offer, with the licence and whether a key is needed."""
    terms = {"licence": manifest.terms.licence, "needs_key": manifest.auth.needs_key}
    return [
        offer._asdict() | terms for level in manifest.access for offer in offers(manifest, level)
    ]


def _print_source(manifest: Manifest) -> None:
    say((manifest.title, "bold"), f"  {manifest.terms.licence}")
    for level, access in manifest.access.items():
        budget = ", ".join(f"{b.limit:,} in {_period(b.seconds)}" for b in access.budgets)
        say((f"  {level}: {access.text}; {budget}", "dim"))
    rows = [(group.kind, ", ".join(group.fields), *group.cells) for group in group_offers(manifest)]
    print_table(("", "fields", *manifest.access), rows, wraps="fields")


def _period(seconds: float) -> str:
    return "a day" if seconds == 86_400 else format_duration(seconds)


def group_offers(manifest: Manifest) -> list[OfferGroup]:
    """Group the fields of a source by kind and equal offers, kinds in the order of the registry."""
    cells_by_field: dict[tuple[str, str], list[str]] = {}
    for level in manifest.access:
        for offer in offers(manifest, level):
            cells_by_field.setdefault((offer.kind, offer.field), []).append(format_offer(offer))
    groups: dict[tuple[str, tuple[str, ...]], OfferGroup] = {}
    for (kind, field), cells in cells_by_field.items():
        related = kind == "relation"
        group = OfferGroup("artist" if related else kind, tuple(cells), [])
        group = groups.setdefault((group.kind, group.cells), group)
        group.fields.append("related artists" if related else field)
    return sorted(groups.values(), key=lambda group: OFFERED.index(group.kind))


def format_offer(offer: Offer) -> str:
    """Format an offer as rows per call, or as the date since when no call shows the field."""
    if offer.available:
        return "in a file" if offer.rows >= _FILE_ROWS_MIN else f"{offer.rows:g} a call"
    return f"gone {offer.gone}" if offer.gone else "never"


def _print_probe(probed: ProbeResult) -> None:
    rows = [(row.endpoint, row.answer, row.reason) for row in probed.capabilities]
    print_table(("call", "answers", ""), rows)
    levels = ", ".join(probed.levels) or "none that is known"
    fits = (levels, "bold")
    say(f"{probed.requests} calls. Access level that fits: ", fits, f" (set: {probed.configured})")
    if probed.stopped:
        warn(f"Stopped early: {probed.stopped}")
    elif probed.levels and probed.configured not in probed.levels:
        note(f'Set access = "{probed.levels[0]}" in [{probed.source}] of phonofilm.toml.')
