"""`phonofilm sources` and `phonofilm plan`: what can still be had, and what it would cost."""

from __future__ import annotations

from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, out, say, table
from phonofilm.cli.enrich import places
from phonofilm.config import load_settings
from phonofilm.crawl.probe import ProbeResult, probe
from phonofilm.crawl.scope.goal import parse_want
from phonofilm.enrich.next_requests import Permitted, ways
from phonofilm.errors import UsageError
from phonofilm.formatting import format_duration
from phonofilm.net.origin.sandbox import sandbox_addresses, sandbox_origin
from phonofilm.records.kinds import OFFERED
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, source_names
from phonofilm.sources.capabilities import Offer, offers
from phonofilm.sources.cost import Plan, estimate_cost
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.routes import named


def command(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One source, in full.")] = "",
    ask: Annotated[
        bool, typer.Option("--probe", help="Ask each kind of call once: what your key is good for.")
    ] = False,
    at: shared.At = None,
    data: shared.Data = None,
    config: shared.Config = None,
    json: shared.Json = False,
) -> None:
    """What each source still gives: fields, access levels, price in calls, licence, dates."""
    if ask:
        if not name:
            raise UsageError("Probe which one?", next_step="phonofilm sources spotify --probe")
        settings = load_settings(config)
        told = run(probe(shared.folder_of(data, settings), settings, name, at))
        as_json(told) if json else _show_probe(told)
        return
    manifests = [get(n).manifest for n in ([name] if name else source_names())]
    if json:
        rows = ((m, held) for m in manifests for level in m.access for held in offers(m, level))
        as_json([_as_row(manifest, held) for manifest, held in rows])
        return
    for manifest in manifests:
        _show_source(manifest)
    say("Rows a call; a date says since when none. Next: phonofilm plan --want artists=1000")


def _as_row(manifest: Manifest, held: Offer) -> dict[str, object]:
    row = held._asdict()
    return row | {"licence": manifest.terms.licence, "needs_key": manifest.auth.needs_key}


def _show_source(manifest: Manifest) -> None:
    levels = list(manifest.access)
    out.print(f"[bold]{manifest.title}[/]  {manifest.terms.licence}")
    for level, access in manifest.access.items():
        budget = ", ".join(f"{b.limit:,} in {_period(b.seconds)}" for b in access.budgets)
        out.print(f"  {level}: {access.text}; {budget}", style="dim")
    rows = [(kind, ", ".join(fields), *cells) for kind, cells, fields in grouped(manifest)]
    table(("", "fields", *levels), rows, wraps="fields")


def grouped(manifest: Manifest) -> list[tuple[str, tuple[str, ...], list[str]]]:
    """Fields of a kind that are to be had alike, in one line each: kind, cells, fields."""
    by_field: dict[tuple[str, str], list[str]] = {}
    for level in manifest.access:
        for held in offers(manifest, level):
            by_field.setdefault((held.kind, held.field), []).append(cell(held))
    lines: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (kind, field), cells in by_field.items():
        related = kind == "relation"
        key = ("artist" if related else kind, tuple(cells))
        lines.setdefault(key, []).append("related artists" if related else field)
    order = {kind: place for place, kind in enumerate(OFFERED)}
    return sorted(((k, c, f) for (k, c), f in lines.items()), key=lambda row: order[row[0]])


def _period(seconds: float) -> str:
    return "a day" if seconds == 86_400 else format_duration(seconds)


_A_FILE = 100_000  # no call brings so many


def cell(held: Offer) -> str:
    """Rows a call, or since when there is none."""
    if held.here:
        return "in a file" if held.rows >= _A_FILE else f"{held.rows:g} a call"
    return f"gone {held.gone}" if held.gone else "never"


def _show_probe(told: ProbeResult) -> None:
    table(("call", "answers", ""), [(c.endpoint, c.answer, c.reason) for c in told.capabilities])
    fits = ", ".join(told.levels) or "none that is known"
    out.print(
        f"{told.requests} calls. Access level that fits: [bold]{fits}[/] (set: {told.configured})"
    )
    if told.stopped:
        out.print(f"[yellow]![/] Stopped early: {told.stopped}")
    elif told.levels and told.configured not in told.levels:
        say(f'Set access = "{told.levels[0]}" in [{told.source}] of phonofilm.toml.')


def plan_command(
    want: Annotated[
        list[str] | None,
        typer.Option("--want", "-W", metavar="KIND=N", help="artists=1000; repeatable."),
    ] = None,
    fields: Annotated[
        str,
        typer.Option("--fields", help="genres,popularity,related,preview,bpm,... or kind.field."),
    ] = "",
    source: Annotated[str, typer.Option("--source", "-s", help="Only this source.")] = "",
    at: shared.At = None,
    access: Annotated[str, typer.Option("--access", help="Another access level than set.")] = "",
    config: shared.Config = None,
    json: shared.Json = False,
) -> None:
    """What a wish would cost at each source, before anything is asked."""
    wants = {kind: number or 1000 for kind, number in map(parse_want, want or ["artists=1000"])}
    wanted = places(fields, list(wants))
    settings = load_settings(config)
    levels = []
    told = run(sandbox_addresses(at)) if at else {}
    for name in source_names():
        manifest = get(name).manifest
        if not at:
            levels.append((manifest, settings.source(name).access or manifest.default_access))
        elif name in told:
            levels.append((manifest, run(sandbox_origin(get(name), told[name])).access))
    plans = []
    for manifest, usual in levels:
        level = access or usual
        if source in ("", manifest.name) and level in manifest.access:
            plans.append(estimate_cost(manifest, level, wants, wanted, levels))
    if not plans:
        raise UsageError(
            f"No source called {source!r} has an access level {access!r}.",
            next_step="phonofilm sources lists them.",
        )
    if json:
        as_json(plans)
        return
    for held in plans:
        if held.steps:
            _show_plan(held, get(held.source).manifest)
    if idle := [get(held.source).manifest.title for held in plans if not held.steps]:
        out.print(f"[dim]Nothing of it: {', '.join(idle)}.[/]")
    if wanted and wants.get("artist") and not source:
        _show_ways(levels, wanted, wants["artist"])


def _show_ways(
    levels: list[tuple[Manifest, str]], fields: list[tuple[str, str]], artists: int
) -> None:
    """Field by field: who is asked first, who next; seconds for an artist, finding it included."""
    sources = {manifest.name: Permitted(manifest, level) for manifest, level in levels}
    rows = []
    for field in fields:
        found = ways(sources, *field)
        told = [f"{route.source} {float(f'{route.seconds:.2g}'):g} s" for route in found]
        rows.append((named(field), ", then ".join(told) or "nobody"))
    out.print(f"[bold]Field by field[/], for {artists:,} artists; seconds an artist")
    table(("field", "asked first"), rows, wraps="asked first")
    say("Carried out by: phonofilm crawl --plan --fields ...")


def _show_plan(held: Plan, manifest: Manifest) -> None:
    needs = "needs your key and your word" if held.key else "no key needed"
    out.print(f"[bold]{manifest.title}[/] at {held.access}, {needs}; {held.licence}")
    table(("call", "calls", "brings"), [(s.call, s.calls, s.brings) for s in held.steps])
    if manifest.files and held.steps:
        out.print(f"  {held.calls:,} files, fetched again only when they change: phonofilm import")
    else:
        out.print(f"  In all about [bold]{held.calls:,}[/] calls: {_how_long(held)}.")
    for gap in held.gaps:
        verb = "gives" if len(gap.elsewhere) == 1 else "give"
        other = f"; {', '.join(gap.elsewhere)} {verb} it" if gap.elsewhere else ""
        out.print(f"  [yellow]empty[/] {gap.field}: {gap.why}{other}")
    out.print("")


def _how_long(held: Plan) -> str:
    if held.seconds is None:
        return "as fast as the source answers"
    if held.days > 1:
        return f"on {held.days:,} days, because a day allows no more"
    return format_duration(max(1.0, held.seconds))
