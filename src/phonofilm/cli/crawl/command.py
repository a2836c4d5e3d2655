"""`phonofilm crawl`: collect from sources."""

from __future__ import annotations

from pathlib import Path

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import confirm, err, note, print_json, say
from phonofilm.cli.crawl.arguments import CrawlArguments, CrawlCommand
from phonofilm.cli.crawl.cross_source import match_tracks
from phonofilm.cli.crawl.enrich import fill_fields
from phonofilm.cli.crawl.result import print_result
from phonofilm.cli.progress import watcher
from phonofilm.config import load_settings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.scope.goal import Goal, parse_until, parse_want
from phonofilm.crawl.scope.name_files import NameList, read_artist_names, read_ids
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.crawl.session import crawl_all
from phonofilm.crawl.share_links import resolve_share_links
from phonofilm.errors import UsageError
from phonofilm.logs import listen, log
from phonofilm.media.wanted import parse_roles
from phonofilm.runtime.event_loop import run
from phonofilm.show.rows import first_column
from phonofilm.sources import get, source_names
from phonofilm.workspace import Workspace


@shared.takes_options
def command(arguments: CrawlArguments) -> None:
    """Collect from a source; run the same command again to go on where it stopped."""
    settings = load_settings(arguments.config)
    workspace = shared.open_workspace(
        arguments.data, settings, landing=arguments.landing, create=arguments.create
    )
    if arguments.debug:
        listen(None, debug=True)
    wants = parse_wants(arguments)
    crawl = CrawlCommand(
        arguments=arguments,
        settings=settings,
        workspace=workspace,
        wants=wants,
        artist_names=artist_names(arguments, workspace),
    )
    program = fill_fields if arguments.plan else match_tracks if arguments.for_ else collect
    raise typer.Exit(program(crawl))


def parse_wants(arguments: CrawlArguments) -> dict[str, int | None]:
    """Return the wanted kinds with their numbers (None: all)."""
    wants = dict(parse_want(text) for text in arguments.want or [])
    if arguments.n is not None:
        wants["artist"] = arguments.n
    return wants


def artist_names(arguments: CrawlArguments, workspace: Workspace) -> list[str]:
    """Return the names of artists that options, a file and a query give, in this order."""
    names = list(arguments.artist or [])
    if arguments.artists:
        names += _told(arguments.artists, read_artist_names(arguments.artists))
    if arguments.artists_from:
        names += _query_names(workspace, arguments.artists_from)
    return names


def _told(path: Path, read: NameList) -> list[str]:
    """Say what was understood of a table, before a request is spent; return its names."""
    if read.column:
        note(f"{path}: {len(read.names):,} from the column {read.column!r}")
    return read.names


def _query_names(workspace: Workspace, query: str) -> list[str]:
    names = first_column(workspace, query)
    if not names:
        raise UsageError("--artists-from found no artist.", next_step='Try it: phonofilm sql "..."')
    return names


def collect(crawl: CrawlCommand) -> int:
    """Crawl the named sources and print how each crawl ended; return the exit code."""
    arguments = crawl.arguments
    if not arguments.source:
        raise UsageError(
            "Which source?",
            next_step=f"One of {', '.join(source_names())}; or --plan, which chooses.",
        )
    if shared.changed_options(arguments, ("fields",)):
        raise UsageError("--fields goes with --plan.", next_step="Say --want for kinds of records.")
    selection = _selection(crawl)
    options = _options_by_source(crawl, selection)
    if arguments.fresh and not arguments.yes:
        confirm(f"Forget what is known of {arguments.source}? What was collected stays.", "--fresh")
    log.info("crawl_started", sources=[each.source for each in options])
    watch = watcher(err, panel=len(options) == 1)
    results = run(crawl_all(crawl.workspace, crawl.settings, options, watch))
    for result in results:
        log.info("crawl_ended", status=result.status, calls=result.calls, run=result.run)
    _print_results(crawl, results)
    return max(result.exit_code for result in results)


def _selection(crawl: CrawlCommand) -> Selection:
    arguments = crawl.arguments
    return Selection(
        urls=arguments.urls or [],
        genre=arguments.genre,
        artists=crawl.artist_names,
        playlist=arguments.playlist,
        ids=_told(arguments.ids, read_ids(arguments.ids, tuple(crawl.wants)))
        if arguments.ids
        else [],
    )


def _options_by_source(crawl: CrawlCommand, selection: Selection) -> list[CrawlOptions]:
    """Return the options of one crawl for each source."""
    arguments = crawl.arguments
    sources = [name.strip() for name in arguments.source.split(",")]
    if len(sources) > 1 and (arguments.at or selection.urls or selection.ids):
        raise UsageError(
            "Links, ids and --at belong to one source.", next_step="Name one source alone."
        )
    max_seconds = shared.parse_time_limit(arguments.max_time)
    until = parse_until(arguments.until)
    return [_options_of(crawl, source, selection, max_seconds, until) for source in sources]


def _options_of(
    crawl: CrawlCommand,
    source: str,
    selection: Selection,
    max_seconds: float | None,
    until: float | None,
) -> CrawlOptions:
    arguments = crawl.arguments
    texts = resolve_share_links(selection.texts(), source, crawl.settings, arguments.at)
    wants, scope = select(source, selection.replaced(run(texts)), crawl.wants)
    return CrawlOptions(
        source=source,
        goal=Goal(wants, arguments.max_calls, max_seconds, until),
        scope=scope,
        at=arguments.at,
        workers=arguments.workers,
        fresh=arguments.fresh,
        refresh_days=arguments.refresh,
        wait=arguments.wait,
        policy=arguments.policy,
        media=parse_roles(arguments.media, get(source)) if arguments.media else [],
        report=note,
    )


def _print_results(crawl: CrawlCommand, results: list[CrawlResult]) -> None:
    if crawl.arguments.json:
        print_json(results[0] if len(results) == 1 else results)
        return
    for result in results:
        if len(results) > 1:
            say((result.source, "bold"))
        print_result(result, crawl.workspace)
