"""`phonofilm crawl --plan`: a field plan carried out, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonofilm.cli.console import as_json, err, out, say, table
from phonofilm.cli.progress import watcher
from phonofilm.config import Settings
from phonofilm.crawl.scope.scopes import Everything, Named, OfGenre, Scope
from phonofilm.errors import UsageError
from phonofilm.formatting import format_duration, format_minute
from phonofilm.sources.capabilities import NAMES_OF_FIELDS, place_of
from phonofilm.sources.contract import Link
from phonofilm.workspace import Workspace

if TYPE_CHECKING:
    from phonofilm.enrich.enrich import EnrichResult


def places(fields: str, kinds: list[str]) -> list[tuple[str, str]]:
    """Words for fields as kinds and names; UsageError for one that is none."""
    return [place(word, kinds) for word in fields.split(",") if word.strip()]


def place(word: str, kinds: list[str]) -> tuple[str, str]:
    """One word as kind and name."""
    found = place_of(word.strip().lower(), kinds)
    if found is None:
        raise UsageError(
            f"There is no field called {word.strip()!r}.",
            next_step=f"Say a column of a table, or one of {', '.join(NAMES_OF_FIELDS)}.",
        )
    return found


def part_of(genre: str, names: list[str]) -> Scope:
    """Which artists: of a genre, of these names, or as the source lists them."""
    if genre and names:
        raise UsageError("A genre and artists at once.", next_step="Name one of them.")
    if names:
        return Named([Link("artist_query", name) for name in names], with_credits=False)
    return OfGenre(genre) if genre else Everything()


def carry_out(
    folder: Workspace,
    settings: Settings,
    source: str,
    artists: int | None,
    fields: str,
    scope: Scope,
    at: str | None,
    limits: tuple[int | None, int],
    json: bool,
) -> int:
    """Finds artists, fills their fields, tells how far; the exit code."""
    from phonofilm.enrich.enrich import EnrichOptions, enrich  # noqa: PLC0415 - needs an extra

    max_calls, workers = limits
    wanted = places(fields, ["artist"])
    wish = EnrichOptions(source, artists, wanted, scope, at, workers, max_calls)
    result = enrich(folder, settings, wish, watcher(err, panel=False), say)
    if json:
        as_json(result)
    else:
        _show(result, str(folder.root))
    return result.exit_code


def look_beside(
    folder: Workspace,
    settings: Settings,
    source: str,
    beside: str,
    at: str | None,
    limits: tuple[int | None, int],
    json: bool,
) -> int:
    """Finds the tracks of one source at another, tells how many; the exit code."""
    from phonofilm.enrich.cross_source import CrossSourceOptions, match_source  # noqa: PLC0415 - needs an extra

    max_calls, workers = limits
    wish = CrossSourceOptions(source, beside, at, workers, max_calls)
    result = match_source(folder, settings, wish, watcher(err, panel=False), say)
    if json:
        as_json(result)
        return result.exit_code
    share = f"{result.matched / result.tracks:.0%}"
    out.print(
        f"[bold]{result.matched:,} of {result.tracks:,} tracks[/] of {beside} are at {source}"
        f" ({share}): {result.calls:,} calls in {format_duration(result.elapsed_s)}."
    )
    if result.resume_at:
        out.print(f"[yellow]⏸[/] {source} is parked until {format_minute(result.resume_at)}.")
    if result.status != "done":
        say("Go on with the same command; what is known is not asked again.")
    say(f"Next: phonofilm match --data {folder.root}")
    return result.exit_code


def _show(result: EnrichResult, root: str) -> None:
    rows = [
        (
            name,
            f"{result.before[name]:.0%}",
            f"{share:.0%}",
            ", ".join(f"{source} {number:,}" for source, number in result.filled_by[name].items()),
        )
        for name, share in result.after.items()
    ]
    out.print(f"[bold]{result.artists:,} artists[/] of {result.source}")
    table(("field", "before", "after", "told by"), rows, wraps="told by")
    calls = ", ".join(f"{source} {number:,}" for source, number in result.calls.items())
    out.print(
        f"{sum(result.calls.values()):,} calls in {format_duration(result.elapsed_s)}: {calls}."
    )
    for source, why in result.left_out.items():
        if why == "parked" and result.resume_at:
            out.print(f"[yellow]⏸[/] {source} is parked until {format_minute(result.resume_at)}.")
        else:
            out.print(f"[yellow]![/] without {source}: ", end="")
            out.print(why, markup=False)
    if result.status != "done":
        say("Go on with the same command; what is known is not asked again.")
    say(f'Next: phonofilm sql "FROM artist_wide" --data {root}')
