"""`phonofilm crawl`: collects from a source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, err, out, say, say_finding, table
from phonofilm.cli.enrich import carry_out, look_beside, part_of
from phonofilm.cli.look import first_column
from phonofilm.cli.progress import watcher
from phonofilm.config import Settings, load_settings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.scope.goal import Goal, parse_until, parse_want
from phonofilm.crawl.scope.selection import ID_COLUMNS, NAME_COLUMNS, Selection, read_names, select
from phonofilm.crawl.session import crawl_all
from phonofilm.errors import UsageError
from phonofilm.formatting import format_coverage, format_duration, format_minute
from phonofilm.logs import listen, log
from phonofilm.media.wanted import parse_roles
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, source_names
from phonofilm.workspace import Workspace


def command(
    source: Annotated[
        str, typer.Argument(help="deezer, spotify ...; several by commas. --plan may choose.")
    ] = "",
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[URL]...",
            help="Links to artists, albums, tracks or playlists.",
            show_default=False,
        ),
    ] = None,
    want: Annotated[
        list[str] | None,
        typer.Option(
            "--want",
            "-W",
            metavar="KIND[=N|=all]",
            help="artists, albums, tracks, playlists, features; repeatable.",
            show_default=False,
        ),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("-n", min=1, help="So many artists: --want artists=N.", show_default=False),
    ] = None,
    genre: Annotated[str, typer.Option("--genre", "-g", help="Every artist of a genre.")] = "",
    artist: Annotated[
        list[str] | None,
        typer.Option(
            "--artist", "-a", help="An artist's discography; repeatable.", show_default=False
        ),
    ] = None,
    artists: Annotated[
        Path | None,
        typer.Option(
            "--artists", help="Artists by name: lines, or a CSV with `name`.", show_default=False
        ),
    ] = None,
    artists_from: Annotated[
        str,
        typer.Option(
            "--artists-from",
            metavar="SQL",
            help="Artists by a query of the warehouse: its first column.",
        ),
    ] = "",
    ids: Annotated[
        Path | None,
        typer.Option("--ids", help="Ids or links: lines, or a CSV with `id`.", show_default=False),
    ] = None,
    playlist: Annotated[
        str,
        typer.Option(
            "--playlist", "-p", metavar="THEME", help="Playlists on a theme and their tracks."
        ),
    ] = "",
    for_: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="SOURCE",
            help="Find the tracks of another source here, by code and words.",
        ),
    ] = "",
    media: Annotated[
        str,
        typer.Option(
            "--media", metavar="ROLES|all", help="Fetch files, too: artwork, profile, waveform ..."
        ),
    ] = "",
    plan: Annotated[
        bool, typer.Option("--plan", help="Fill --fields of artists from whoever has them.")
    ] = False,
    fields: Annotated[
        str, typer.Option("--fields", help="With --plan: genres,popularity,related,bpm,preview ...")
    ] = "genres,popularity,related,bpm,preview",
    max_calls: Annotated[
        int | None,
        typer.Option("--max-calls", min=1, help="Stop after so many calls.", show_default=False),
    ] = None,
    max_time: Annotated[
        str | None,
        typer.Option(
            "--max-time", metavar="T", help="Stop after 30s, 10m, 2h.", show_default=False
        ),
    ] = None,
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="coverage=0.9", help="Stop when so much of the reachable is in hand."
        ),
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay when the source is parked.")] = False,
    workers: Annotated[
        int, typer.Option("-w", "--workers", min=1, max=256, help="Calls under way at once.")
    ] = 4,
    fresh: Annotated[
        bool,
        typer.Option(
            "-f", "--fresh", help="Forget this source's frontier (never what was collected)."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    policy: Annotated[
        str, typer.Option("--policy", help="How calls are chosen: information, averages, breadth.")
    ] = "information",
    debug: Annotated[
        bool, typer.Option("-d", "--debug", help="Every call on standard error.")
    ] = False,
    at: shared.At = None,
    landing: shared.Landing = "",
    create: shared.Create = False,
    data: shared.Data = None,
    config: shared.Config = None,
    json: shared.Json = False,
) -> None:
    """Collect from a source; run the same command again to go on where it stopped."""
    settings = load_settings(config)
    folder = shared.folder_of(data, settings, landing=landing, create=create)
    if debug:
        listen(None, debug=True)
    wants = dict(parse_want(text) for text in want or [])
    if n is not None:
        wants["artist"] = n
    names = [*(artist or []), *(read_names(artists, NAME_COLUMNS) if artists else [])]
    names += first_column(folder, artists_from) if artists_from else []
    if plan:
        refused = (urls, ids, playlist, until, max_time, wait, fresh, policy != "information")
        if any(refused) or wants.keys() - {"artist"}:
            raise UsageError(
                "--plan goes with -n, --fields, --genre, --artist or --artists, --max-calls and -w."
            )
        part = part_of(genre, names)
        number = wants["artist"] if "artist" in wants else len(names) or 100
        limits_of_plan = (max_calls, workers)
        raise typer.Exit(
            carry_out(folder, settings, source, number, fields, part, at, limits_of_plan, json)
        )
    if for_:
        if any((urls, ids, playlist, genre, names, wants, until, max_time, wait, fresh)):
            raise UsageError("--for goes with --at, --max-calls and -w.")
        raise typer.Exit(
            look_beside(folder, settings, source, for_, at, (max_calls, workers), json)
        )
    if not source:
        raise UsageError(
            "Which source?",
            next_step=f"One of {', '.join(source_names())}; or --plan, which chooses.",
        )
    choice = Selection(
        urls or [], genre, names, playlist, read_names(ids, ID_COLUMNS) if ids else []
    )
    sources = [name.strip() for name in source.split(",")]
    if len(sources) > 1 and (at or choice.urls or choice.ids):
        raise UsageError(
            "Links, ids and --at belong to one source.", next_step="Name one source alone."
        )
    limits = (max_calls, shared.parse_time_limit(max_time), parse_until(until))
    crawls = []
    for name in sources:
        goal_wants, scope = select(name, choice, wants)
        goal = Goal(goal_wants, *limits)
        roles = parse_roles(media, get(name)) if media else []
        crawls.append(
            CrawlOptions(name, goal, scope, at, workers, fresh, wait, policy, None, roles)
        )
    if fresh and not yes:
        _ask(source)
    raise typer.Exit(_collect(folder, settings, crawls, choice, json))


def _collect(
    folder: Workspace, settings: Settings, crawls: list[CrawlOptions], choice: Selection, json: bool
) -> int:
    """Crawls, shows how each ended, returns the exit code that says most."""
    log.info("crawl_started", sources=[options.source for options in crawls])
    results = run(crawl_all(folder, settings, crawls, watcher(err, panel=len(crawls) == 1)))
    for result in results:
        log.info("crawl_ended", status=result.status, calls=result.calls, run=result.run)
        if not json:
            if len(results) > 1:
                out.print(f"[bold]{result.source}[/]")
            show(result, str(folder.root))
    if json:
        as_json(results[0] if len(results) == 1 else results)
    return max(result.exit_code or _not_found(result, choice) for result in results)


def _not_found(result: CrawlResult, choice: Selection) -> int:
    """2 when nothing of what was named exists: a script should notice a typing error."""
    counts = {finding["kind"]: finding["count"] for finding in result.findings}
    nobody = choice.artists and counts.get("unknown_artist") == len(choice.artists)
    return 2 if nobody or "unknown_genre" in counts else 0


def _ask(source: str) -> None:
    """Forgetting is asked for, unless `--yes` said it already."""
    question = f"Forget what is known of {source}? What was collected stays."
    if not err.is_terminal:
        raise UsageError("--fresh asks first.", next_step="Add --yes.")
    if not typer.confirm(question, err=True):
        raise typer.Abort


ENDINGS = {
    "goal": "[green]✓[/] The goal is met",
    "done": "[green]✓[/] Nothing more to ask that would bring anything",
    "parked": "[yellow]⏸[/] Parked",
    "interrupted": "[yellow]⏸[/] Interrupted; everything is saved",
    "stopped": "[yellow]⏸[/] The given limit is reached",
}


def show(result: CrawlResult, folder: str) -> None:
    """How it ended, what is in hand, what was odd, how to go on."""
    ending = ENDINGS.get(result.status, result.status)
    unknown = [f for f in result.findings if f["kind"] in ("unknown_genre", "unknown_artist")]
    if unknown and result.status == "done":
        ending = "[yellow]![/] Not all that was named could be found"
    if result.status == "parked" and result.resume_at:
        ending += f" until [bold]{format_minute(result.resume_at)}[/]"
    out.print(
        f"{ending}: {result.calls:,} calls in {format_duration(result.elapsed_s)},"
        f" {result.new_per_call} new per call."
    )
    rows = []
    for plural, held in result.records.items():
        seen = result.coverage.get(plural)
        rows.append(
            (plural, held["full"], held["mentioned"], format_coverage(seen) if seen else "")
        )
    table(("", "full", "mentioned", "of the reachable"), rows)
    if files := result.media:
        kept = ", ".join(f"{role} {number:,}" for role, number in files.by_role.items())
        out.print(
            f"{files.files:,} files, {files.bytes / 1e6:,.1f} MB{f': {kept}' if kept else ''};"
            f" {files.already:,} were here, {files.refused:,} refused, {files.left:,} left."
        )
    for finding in result.findings:
        say_finding(finding)
    if result.status in ("parked", "interrupted", "stopped"):
        say("Go on with the same command; what is known is not asked again.")
    else:
        say(f"Next: phonofilm load --data {folder}")
