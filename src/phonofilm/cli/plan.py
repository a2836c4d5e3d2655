"""`phonofilm plan`: what records and fields would cost at each source."""

from __future__ import annotations

from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import note, print_json, print_table, say
from phonofilm.cli.fields import parse_fields
from phonofilm.config import Settings, load_settings
from phonofilm.crawl.scope.goal import parse_want
from phonofilm.enrich.next_requests import Permitted, ways
from phonofilm.errors import UsageError
from phonofilm.formatting import format_duration
from phonofilm.net.origin.sandbox import sandbox_addresses, sandbox_origin
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, source_names
from phonofilm.sources.cost import Plan, estimate_cost
from phonofilm.sources.manifest import Manifest
from phonofilm.sources.routes import Field, field_label

# Wanted kinds without a number are estimated for so many.
_RECORDS = 1000


def command(
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
    """Estimate what records and fields cost at each source, before any request."""
    wants = {kind: count or _RECORDS for kind, count in map(parse_want, want or ["artists=1000"])}
    wanted_fields = parse_fields(fields, list(wants))
    sources = _sources(load_settings(config), at)
    plans = [
        estimate_cost(manifest, access or level, wants, wanted_fields, sources)
        for manifest, level in sources
        if source in ("", manifest.name) and (access or level) in manifest.access
    ]
    if not plans:
        raise UsageError(
            f"No source called {source!r} has an access level {access!r}.",
            next_step="phonofilm sources lists them.",
        )
    if json:
        print_json(plans)
        return
    _print_plans(plans)
    if wanted_fields and wants.get("artist") and not source:
        _print_routes(sources, wanted_fields, wants["artist"])


def _sources(settings: Settings, at: str | None) -> list[tuple[Manifest, str]]:
    """Return each source with its access level: all that are set up, or those of a sandbox."""
    if not at:
        manifests = [get(name).manifest for name in source_names()]
        return [(m, settings.source(m.name).access or m.default_access) for m in manifests]
    addresses = run(sandbox_addresses(at))
    return [
        (get(name).manifest, run(sandbox_origin(get(name), addresses[name])).access)
        for name in source_names()
        if name in addresses
    ]


def _print_plans(plans: list[Plan]) -> None:
    for plan in plans:
        if plan.steps:
            _print_plan(plan, get(plan.source).manifest)
    without = [get(plan.source).manifest.title for plan in plans if not plan.steps]
    if without:
        say((f"Nothing of it: {', '.join(without)}.", "dim"))


def _print_plan(plan: Plan, manifest: Manifest) -> None:
    key = "needs your key and your word" if plan.key else "no key needed"
    say((manifest.title, "bold"), f" at {plan.access}, {key}; {plan.licence}")
    steps = [(step.call, step.calls, step.brings) for step in plan.steps]
    print_table(("call", "calls", "brings"), steps)
    if manifest.files:
        say(f"  {plan.calls:,} files, fetched again only when they change: phonofilm import")
    else:
        say("  In all about ", (f"{plan.calls:,}", "bold"), f" calls: {_format_time(plan)}.")
    for gap in plan.gaps:
        verb = "gives" if len(gap.elsewhere) == 1 else "give"
        elsewhere = f"; {', '.join(gap.elsewhere)} {verb} it" if gap.elsewhere else ""
        say("  ", ("empty", "yellow"), f" {gap.field}: {gap.why}{elsewhere}")
    say()


def _format_time(plan: Plan) -> str:
    if plan.seconds is None:
        return "as fast as the source answers"
    if plan.days > 1:
        return f"on {plan.days:,} days, because a day allows no more"
    return format_duration(max(1.0, plan.seconds))


def _print_routes(levels: list[tuple[Manifest, str]], fields: list[Field], artists: int) -> None:
    """Print for each field the sources in the order of their time per artist.

    The time includes finding the artist at that source.
    """
    sources = {manifest.name: Permitted(manifest, level) for manifest, level in levels}
    rows = []
    for field in fields:
        times = [
            f"{route.source} {float(f'{route.seconds:.2g}'):g} s" for route in ways(sources, *field)
        ]
        rows.append((field_label(field), ", then ".join(times) or "no source"))
    say(("Field by field", "bold"), f", for {artists:,} artists; seconds an artist")
    print_table(("field", "asked first"), rows, wraps="asked first")
    note("Carried out by: phonofilm crawl --plan --fields ...")
