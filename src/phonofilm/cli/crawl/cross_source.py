"""`phonofilm crawl SOURCE --for OTHER`: find the tracks of one source at another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonofilm.cli.console import err, in_folder, note, print_json, say
from phonofilm.cli.crawl.arguments import CrawlCommand, check_options
from phonofilm.cli.progress import watcher
from phonofilm.cli.summary import CONTINUE, print_parked
from phonofilm.formatting import format_duration

if TYPE_CHECKING:
    from phonofilm.enrich.cross_source import CrossSourceResult

ACCEPTED = ("max_calls", "workers")


def match_tracks(crawl: CrawlCommand) -> int:
    """Request the tracks of `--for` at the source and print the matches; return the exit code."""
    arguments = crawl.arguments
    check_options(arguments, "for_", ACCEPTED)
    from phonofilm.enrich.cross_source import CrossSourceOptions, match_source  # noqa: PLC0415 - needs an extra

    options = CrossSourceOptions(
        source=arguments.source,
        reference=arguments.for_,
        at=arguments.at,
        workers=arguments.workers,
        max_calls=arguments.max_calls,
    )
    result = match_source(crawl.workspace, crawl.settings, options, watcher(err, panel=False), note)
    if arguments.json:
        print_json(result)
    else:
        _print_result(result)
        note(f"Next: {in_folder('phonofilm match', crawl.workspace.root)}")
    return result.exit_code


def _print_result(result: CrossSourceResult) -> None:
    share = f"{result.matched / result.tracks:.0%}"
    say(
        (f"{result.matched:,} of {result.tracks:,} tracks", "bold"),
        f" of {result.reference} are at {result.source} ({share}):"
        f" {result.calls:,} calls in {format_duration(result.elapsed_s)}.",
    )
    if result.resume_at:
        print_parked(result.source, result.resume_at)
    if result.status != "done":
        note(CONTINUE)
