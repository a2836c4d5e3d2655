"""`phonofilm demo`: the whole way on this machine, with a crash on the way."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from phonofilm.cli import options as shared
from phonofilm.cli.console import err, out, plain
from phonofilm.cli.demo import comments
from phonofilm.errors import PhonofilmError, StoreError, UsageError
from phonofilm.show import queries
from phonofilm.show.report import report
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import Loaded, load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

_MARK = ".made-by-demo"
_EXPORTS = ("artists", "albums", "tracks", "features", "playlists", "entries", "comments", "titles")
_SPOTIFY = ("artists=all", "albums=all", "tracks=all", "features=all", "playlists=all")
_DEEZER = ("artists=1000", "albums=2000")
_READY_SECONDS = 60.0
_TITLES = "8000"


class DemoResult(NamedTuple):
    """What the last screen shows."""

    folder: Path
    crawls: list[dict[str, Any]]
    killed_after: int
    loaded: Loaded
    exports: list[Exported]
    report: Path
    truth: dict[str, Any]
    seconds: float
    imported: dict[str, Any]
    best: str
    heard: comments.CommentsResult | None
    tracks: list[queries.CommentedTrack]
    picture: Path | None


def command(
    catalogue: shared.Catalogue = None,
    artists: Annotated[
        int, typer.Option("--artists", min=20, help="Size of the simulated world.")
    ] = 400,
    seed: shared.Seed = 7,
    data: Annotated[Path, typer.Option("--data", help="Where to put everything.")] = Path(
        "phonofilm-demo"
    ),
) -> None:
    """See the whole way in half a minute: crawl, crash, resume, load, export, report."""
    began = time.monotonic()
    _prepare(data, catalogue)
    world = (
        ["--catalogue", str(catalogue)]
        if catalogue
        else ["--artists", str(artists), "--seed", str(seed)]
    )
    err.print("[dim]This world is simulated: stand-ins of Spotify and Deezer on this machine.[/]")
    with (
        _sandbox("spotify", "--access", "extended-legacy", *world) as spotify,
        _sandbox("deezer", "--rate", "none", *world) as deezer,
    ):
        truth = _get(f"{spotify}/__sandbox__/truth")
        err.print("\n[bold]1[/] Spotify's stand-in, extended access")
        killed_after = _crawl_and_kill(data, "spotify", spotify, _SPOTIFY)
        err.show_cursor(True)
        err.print(f"\n  [red]kill -9[/] after {killed_after:,} calls; the same command again:")
        crawls = [_crawl(data, "spotify", spotify, _SPOTIFY)]
        err.print("\n[bold]2[/] Deezer's stand-in, no key")
        crawls.append(_crawl(data, "deezer", deezer, _DEEZER))
    folder = Workspace(data)
    heard = _listen(data, seed) if catalogue is None else None  # nobody listens to a file
    with _sandbox("imdb", "--titles", _TITLES, "--seed", str(seed)) as imdb:
        err.print("\n[bold]4[/] IMDb's stand-in: its dumps, and of them anime")
        imported = _import(data, imdb)
    with err.status("5 Loading, exporting, reporting"):
        loaded = load(folder)
        exports = [
            e
            for name in _EXPORTS
            for e in export(folder, name, "csv", data / "exports" / f"{name}.csv")
        ]
        page = report(folder, data / "report.html")
        tracks = comments.most_heard(folder)
        picture = comments.draw(folder, tracks)
    told = DemoResult(
        data,
        crawls,
        killed_after,
        loaded,
        exports,
        page,
        truth,
        time.monotonic() - began,
        imported,
        "",
        heard,
        tracks,
        picture,
    )
    out.print(_screen(folder, told))


def _prepare(data: Path, catalogue: Path | None) -> None:
    if catalogue and not catalogue.is_file():
        raise UsageError(f"There is no file {catalogue}.", next_step="Check --catalogue.")
    if data.exists() and any(data.iterdir()):
        if not (data / _MARK).exists():
            raise UsageError(
                f"{data} is not empty and was not made by a demo.",
                saved="Nothing was touched.",
                next_step="Name another folder: phonofilm demo --data FOLDER",
            )
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    (data / _MARK).write_text("phonofilm demo removes this folder when it runs again\n")


def _self(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "phonofilm", *arguments]


@contextlib.contextmanager
def _sandbox(source: str, *arguments: str) -> Iterator[str]:
    process = subprocess.Popen(  # noqa: S603 - our own command
        _self("sandbox", source, *arguments), stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise StoreError(
                f"The sandbox of {source} did not start.",
                next_step=f"Try: phonofilm sandbox {source}",
            )
        yield str(json.loads(line)["url"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        if process.stdout:
            process.stdout.close()


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=_READY_SECONDS) as answer:  # noqa: S310 - loopback
        found: dict[str, Any] = json.load(answer)
    return found


def _start(data: Path, source: str, url: str, wants: Sequence[str]) -> subprocess.Popen[str]:
    words = [word for want in wants for word in ("--want", want)]
    return subprocess.Popen(  # noqa: S603 - our own command
        _self("crawl", source, "--at", url, "--data", str(data), *words, "-w", "8", "--json"),
        stdout=subprocess.PIPE,
        text=True,
    )


def _crawl(data: Path, source: str, url: str, wants: Sequence[str]) -> dict[str, Any]:
    process = _start(data, source, url, wants)
    told, _ = process.communicate()
    if process.returncode:
        raise PhonofilmError(f"The crawl of {source} ended with exit code {process.returncode}.")
    result: dict[str, Any] = json.loads(told)
    return result


def _listen(data: Path, seed: int) -> comments.CommentsResult:
    """Ten artists of a genre with all that was said of their tracks."""
    with _sandbox("soundcloud,beatport", "--artists", "150", "--seed", str(seed)) as url:
        err.print("\n[bold]3[/] SoundCloud's and Beatport's: ten artists of a genre, every comment")
        heard = comments.hear(data, url, _self)
    found = f", {heard.found:,} of {heard.tracks:,} tracks found" if heard.tracks else ""
    err.print(f"  {heard.comments:,} comments{found}")
    return heard


def _import(data: Path, url: str) -> dict[str, Any]:
    """The dumps of the film side; of all titles, anime."""
    words = ["import", "imdb", "--files", url, "--only", "anime", "--data", str(data), "--json"]
    told = subprocess.run(_self(*words), check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603
    if told.returncode:
        raise PhonofilmError(f"The import ended with exit code {told.returncode}.")
    result: dict[str, Any] = json.loads(told.stdout)
    kept = sum(result["kept"].values())
    rows = sum(int(file["rows"]) for file in result["files"].values())
    err.print(f"  {rows:,} rows in {len(result['files'])} files, {kept:,} titles kept")
    return result


def _crawl_and_kill(data: Path, source: str, url: str, wants: Sequence[str]) -> int:
    """Crawls until a few hundred calls are made, then kills the crawler as a crash would."""
    process = _start(data, source, url, wants)
    calls = 0
    while calls < 300 and process.poll() is None:
        time.sleep(0.05)
        calls = _calls(url)
    process.kill()
    process.communicate()
    return _calls(url)


def _calls(url: str) -> int:
    stats = _get(f"{url}/__sandbox__/stats")["calls"]
    return sum(sum(counts.values()) for name, counts in stats.items() if name != "token")


def _screen(folder: Workspace, told: DemoResult) -> Group:
    with open_snapshot(folder) as connection:
        people, genres = queries.top_artists(connection), queries.top_genres(connection, 6)
        held = queries.held(connection)
        anime = queries.best_titles(connection, kept=True)
    told = told._replace(best=plain(people[0].name) if people else "x")
    columns = Table.grid(padding=(0, 3), expand=False)
    columns.add_row(_collected(held, told), _top(people))
    return Group(
        Panel(
            columns,
            title="[bold]phonofilm demo[/] · a simulated world",
            border_style="cyan",
            padding=(1, 1),
        ),
        Text.assemble(
            ("  Genres      ", "dim"), " · ".join(f"{plain(g.label)} {g.value:,}" for g in genres)
        ),
        Panel(
            _anime(anime),
            title="[bold]Anime[/] · the ten best rated",
            border_style="magenta",
            padding=(1, 1),
            expand=False,
        ),
        *([_heard(told.heard, told.tracks)] if told.heard else []),
        *_files(told),
    )


def _heard(heard: comments.CommentsResult, tracks: list[queries.CommentedTrack]) -> Panel:
    return Panel(
        comments.table(tracks),
        title=f"[bold]Listeners[/] · {heard.comments:,} comments, second by second",
        border_style="blue",
        padding=(1, 1),
        expand=False,
    )


def _anime(titles: list[queries.Rated]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    numbers, words = {"": 2, "year": 4, "rating": 6, "votes": 7}, {"type": 9, "directed by": 11}
    table.add_column("", justify="right", min_width=numbers[""])
    table.add_column("title", no_wrap=True, max_width=22)
    for name in ("year", "type", "rating", "votes", "directed by"):
        if name in numbers:
            table.add_column(name, justify="right", no_wrap=True, min_width=numbers[name])
        else:
            table.add_column(name, no_wrap=True, min_width=words[name])
    for place, one in enumerate(titles, 1):
        table.add_row(
            str(place),
            Text(plain(one.name)),
            str(one.year or ""),
            one.kind,
            f"[bold]{one.rating:.1f}[/]",
            f"{one.votes:,}",
            Text(plain(one.directors)),
        )
    return table


def _collected(held: list[queries.SourceCount], told: DemoResult) -> Table:
    sources = [s for s in ("deezer", "spotify") if any(row.source == s for row in held)]
    table = Table(
        box=None, padding=(0, 2, 0, 0), header_style="dim", title="Collected", title_justify="left"
    )
    table.add_column("")
    for source in sources:
        table.add_column(source, justify="right")
    for name in ("artists", "albums", "tracks", "features", "playlists", "entries"):
        counts = {row.source: row.full + row.mentioned for row in held if row.table == name}
        table.add_row(name, *(f"{counts.get(source, 0):,}" for source in sources))
    calls = {crawl["source"]: crawl["calls"] for crawl in told.crawls}
    calls["spotify"] += told.killed_after
    table.add_row(
        "[dim]calls spent[/]", *(f"[dim]{calls.get(source, 0):,}[/]" for source in sources)
    )
    return table


def _top(people: list[queries.Person]) -> Table:
    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
        title="Ten most popular",
        title_justify="left",
    )
    table.add_column("artist", max_width=22, no_wrap=True)
    table.add_column("genres", max_width=15, no_wrap=True)
    table.add_column("pop.", justify="right", no_wrap=True)
    for person in people:
        table.add_row(
            Text(plain(person.name)), Text(plain(person.genres)), str(person.popularity or "-")
        )
    return table


def _files(told: DemoResult) -> Iterator[Text]:
    total = sum(e.rows for e in told.exports)
    whole = told.truth["visible"]["tracks"]
    there = told.crawls[0]["records"]["tracks"]["full"]
    lines = [
        (
            "Crash",
            f"kill -9 after {told.killed_after:,} calls, resumed:"
            f" {there:,} of {whole:,} tracks are here",
        ),
        ("Tables", f"{told.folder}/exports/*.csv ({total:,} rows), each with its card"),
        ("Report", str(told.report)),
        *([("Picture", f"{told.picture}: what was said where")] if told.picture else []),
        ("Time", f"{told.seconds:.0f} s"),
    ]
    nameless = told.truth.get("null_rows", 0)
    if nameless:
        told_of = told.loaded.findings.get("track_without_name", 0)
        lines.insert(
            1,
            (
                "Odd",
                f"{nameless} rows of the file have no name, artist or album:"
                f" kept without a name ({told_of} findings)",
            ),
        )
    for head, text in lines:
        yield Text.assemble((f"  {head:<12}", "dim"), text)
    yield Text("")
    for step in (
        f"phonofilm show artists --data {told.folder}",
        f"phonofilm show titles --data {told.folder}",
        f"phonofilm find artist {told.best.split()[0].lower()} --data {told.folder}",
        "phonofilm crawl deezer --genre techno -n 100    (live, no key needed)",
    ):
        yield Text.assemble(("  $ ", "cyan"), step)
