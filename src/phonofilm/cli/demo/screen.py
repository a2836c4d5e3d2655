"""Last screen of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from phonofilm.cli.console import plain_table, printable, styled
from phonofilm.cli.demo.comments import CommentsResult
from phonofilm.formatting import format_figure
from phonofilm.show import queries
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.load.load import Loaded
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

_SOURCES = ("deezer", "spotify")
_TABLES = ("artists", "albums", "tracks", "features", "playlists", "entries")


class CatalogueResult(NamedTuple):
    """Results of the crawls as their JSON documents, and the truth of the simulated world.

    `killed_after` is the number of requests that the killed crawl of Spotify made.
    """

    truth: dict[str, Any]
    killed_after: int
    spotify: dict[str, Any]
    deezer: dict[str, Any]


class DemoResult(NamedTuple):
    """Results of all steps; `comments` is None where there was no stand-in of listeners."""

    workspace: Workspace
    catalogue: CatalogueResult
    comments: CommentsResult | None
    loaded: Loaded
    exports: list[Exported]
    report: Path
    tracks: list[queries.CommentedTrack]
    picture: Path | None


def screen(result: DemoResult, elapsed_s: float) -> Group:
    """Return the last screen: what was collected, the best of it, and what to do next."""
    with open_snapshot(result.workspace) as connection:
        artists = queries.top_artists(connection)
        genres = queries.top_genres(connection, 6)
        counts = queries.record_counts(connection)
        anime = queries.best_titles(connection, subset=True)
    columns = Table.grid(padding=(0, 3), expand=False)
    columns.add_row(_counts_table(counts, result.catalogue), _artists_table(artists))
    return Group(
        Panel(
            columns,
            title="[bold]phonofilm demo[/] · a simulated world",
            border_style="cyan",
            padding=(1, 1),
        ),
        styled(
            ("  Genres      ", "dim"),
            " · ".join(f"{printable(genre.label)} {genre.value:,}" for genre in genres),
        ),
        _panel(_titles_table(anime), "[bold]Anime[/] · the ten best rated", "magenta"),
        *_comments_panel(result),
        *_facts(result, elapsed_s),
        Text(""),
        *_next_steps(result.workspace, artists),
    )


def _panel(content: RenderableType, title: str, colour: str) -> Panel:
    return Panel(content, title=title, border_style=colour, padding=(1, 1), expand=False)


def _counts_table(counts: list[queries.SourceCount], catalogue: CatalogueResult) -> Table:
    """Return records by table and source, and the requests that they took."""
    sources = [source for source in _SOURCES if any(count.source == source for count in counts)]
    table = plain_table(title="Collected", title_justify="left")
    table.add_column("")
    for source in sources:
        table.add_column(source, justify="right")
    records = {(count.table, count.source): count.full + count.mentioned for count in counts}
    for name in _TABLES:
        table.add_row(name, *(f"{records.get((name, source), 0):,}" for source in sources))
    requests = {
        "deezer": catalogue.deezer["calls"],
        "spotify": catalogue.spotify["calls"] + catalogue.killed_after,
    }
    table.add_row("calls spent", *(f"{requests[source]:,}" for source in sources), style="dim")
    return table


def _artists_table(artists: list[queries.ArtistRow]) -> Table:
    table = plain_table(title="Ten most popular", title_justify="left")
    table.add_column("artist", max_width=22, no_wrap=True)
    table.add_column("genres", max_width=15, no_wrap=True)
    table.add_column("pop.", justify="right", no_wrap=True)
    for artist in artists:
        table.add_row(
            Text(printable(artist.name)),
            Text(printable(artist.genres)),
            str(artist.popularity or "-"),
        )
    return table


def _titles_table(titles: list[queries.TitleRow]) -> Table:
    table = plain_table()
    table.add_column("", justify="right", min_width=2)
    table.add_column("title", no_wrap=True, max_width=22)
    table.add_column("year", justify="right", no_wrap=True, min_width=4)
    table.add_column("type", no_wrap=True, min_width=9)
    table.add_column("rating", justify="right", no_wrap=True, min_width=6)
    table.add_column("votes", justify="right", no_wrap=True, min_width=7)
    table.add_column("directed by", no_wrap=True, min_width=11)
    for rank, title in enumerate(titles, 1):
        table.add_row(
            str(rank),
            Text(printable(title.name)),
            str(title.year or ""),
            title.kind or "-",
            Text(format_figure(title.rating, 1), style="bold"),
            format_figure(title.votes),
            Text(printable(title.directors)),
        )
    return table


def _comments_panel(result: DemoResult) -> Iterator[Panel]:
    """Yield the tracks with most comments, where comments were collected."""
    if result.comments:
        title = f"[bold]Listeners[/] · {result.comments.comments:,} comments, second by second"
        yield _panel(_tracks_table(result.tracks), title, "blue")


def _tracks_table(tracks: list[queries.CommentedTrack]) -> Table:
    """Return tracks with their comments, tempo and key."""
    table = plain_table()
    table.add_column("track", no_wrap=True, max_width=24)
    table.add_column("artist", no_wrap=True, max_width=16)
    for name, width in (("comments", 8), ("most at", 7), ("BPM", 3)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    table.add_column("key", no_wrap=True, min_width=8)
    for track in tracks:
        table.add_row(
            Text(printable(track.name)),
            Text(printable(track.artist)),
            f"{track.comments:,}",
            track.most_at,
            f"{track.bpm:.0f}" if track.bpm else "-",
            Text(printable(track.key or "-")),
        )
    return table


def _facts(result: DemoResult, elapsed_s: float) -> Iterator[Text]:
    """Yield lines about the crash, odd rows, files and time."""
    catalogue = result.catalogue
    collected = catalogue.spotify["records"]["tracks"]["full"]
    yield _fact(
        "Crash",
        f"kill -9 after {catalogue.killed_after:,} calls, resumed: {collected:,} of"
        f" {catalogue.truth['visible']['tracks']:,} tracks are here",
    )
    if nameless := catalogue.truth.get("null_rows", 0):
        findings = result.loaded.findings.get("track_without_name", 0)
        yield _fact(
            "Odd",
            f"{nameless} rows of the file have no name, artist or album: kept without a name"
            f" ({findings} findings)",
        )
    rows = sum(file.rows for file in result.exports)
    exports = result.workspace.root / "exports"
    yield _fact("Tables", f"{exports}/*.csv ({rows:,} rows), each with its card")
    yield _fact("Report", str(result.report))
    if result.picture:
        yield _fact("Picture", f"{result.picture}: what was said where")
    yield _fact("Time", f"{elapsed_s:.0f} s")


def _fact(label: str, text: str) -> Text:
    return styled((f"  {label:<12}", "dim"), text)


def _next_steps(workspace: Workspace, artists: list[queries.ArtistRow]) -> Iterator[Text]:
    """Yield commands to go on with."""
    best = printable(artists[0].name) if artists else "x"
    for command in (
        f"phonofilm show artists --data {workspace.root}",
        f"phonofilm show titles --data {workspace.root}",
        f"phonofilm find artist {best.split()[0].lower()} --data {workspace.root}",
        "phonofilm crawl deezer --genre techno -n 100    (live, no key needed)",
    ):
        yield styled(("  $ ", "cyan"), command)
