"""`phonofilm crawl --plan`: fill fields of artists from the sources that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonofilm.cli.console import err, in_folder, note, print_json, print_table, say, warn
from phonofilm.cli.crawl.arguments import CrawlCommand, check_options
from phonofilm.cli.fields import parse_fields
from phonofilm.cli.progress import watcher
from phonofilm.cli.summary import CONTINUE, print_parked
from phonofilm.crawl.scope.scopes import Everything, Named, OfGenre, Scope
from phonofilm.errors import UsageError
from phonofilm.formatting import format_duration
from phonofilm.sources.contract import Link

if TYPE_CHECKING:
    from phonofilm.enrich.enrich import EnrichResult

ACCEPTED = (
    "fields",
    "n",
    "want",
    "genre",
    "artist",
    "artists",
    "artists_from",
    "max_calls",
    "workers",
)
# Chosen, not tuned: enough artists to judge a field by, in a few minutes.
_ARTISTS = 100


def fill_fields(crawl: CrawlCommand) -> int:
    """Find artists, fill their fields and print the share of each; return the exit code."""
    arguments = crawl.arguments
    _check(crawl)
    scope = _scope_of(arguments.genre, crawl.artist_names)
    from phonofilm.enrich.enrich import EnrichOptions, enrich  # noqa: PLC0415 - needs an extra

    options = EnrichOptions(
        source=arguments.source,
        artists=crawl.wants.get("artist", len(crawl.artist_names) or _ARTISTS),
        fields=parse_fields(arguments.fields, ["artist"]),
        scope=scope,
        at=arguments.at,
        workers=arguments.workers,
        max_calls=arguments.max_calls,
    )
    result = enrich(crawl.workspace, crawl.settings, options, watcher(err, panel=False), note)
    if arguments.json:
        print_json(result)
    else:
        _print_result(result)
        query = in_folder('phonofilm sql "FROM artist_wide"', crawl.workspace.root)
        note(f"Next: {query}")
    return result.exit_code


def _check(crawl: CrawlCommand) -> None:
    check_options(crawl.arguments, "plan", ACCEPTED)
    if crawl.wants.keys() - {"artist"}:
        raise UsageError("--plan fills fields of artists.", next_step="Say --want artists=N.")


def _scope_of(genre: str, names: list[str]) -> Scope:
    """Return the scope of a genre, of named artists, or of all that the source lists."""
    if genre and names:
        raise UsageError("A genre and artists at once.", next_step="Name one of them.")
    if names:
        return Named([Link("artist_query", name) for name in names], with_credits=False)
    return OfGenre(genre) if genre else Everything()


def _print_result(result: EnrichResult) -> None:
    say((f"{result.artists:,} artists", "bold"), f" of {result.source}")
    rows = [
        (name, f"{result.before[name]:.0%}", f"{share:.0%}", _counts(result.filled_by[name]))
        for name, share in result.after.items()
    ]
    print_table(("field", "before", "after", "from"), rows, wraps="from")
    requests = sum(result.calls.values())
    say(f"{requests:,} calls in {format_duration(result.elapsed_s)}: {_counts(result.calls)}.")
    for source, reason in result.left_out.items():
        if reason == "parked" and result.resume_at:
            print_parked(source, result.resume_at)
        else:
            warn(f"without {source}: {reason}")
    if result.status != "done":
        note(CONTINUE)


def _counts(by_source: dict[str, int]) -> str:
    return ", ".join(f"{source} {count:,}" for source, count in by_source.items())
