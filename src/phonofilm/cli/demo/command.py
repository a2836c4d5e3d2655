"""`phonofilm demo`: all steps on this machine, with a crash on the way."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import err, note, out
from phonofilm.cli.demo.comments import CommentsResult, collect_comments
from phonofilm.cli.demo.processes import crawl_and_kill, get_json, run_json, sandbox
from phonofilm.cli.demo.screen import CatalogueResult, DemoResult, screen
from phonofilm.errors import UsageError
from phonofilm.show.queries import most_commented
from phonofilm.show.report import report
from phonofilm.show.waveform import waveform
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

_MARKER = ".made-by-demo"
_EXPORTS = ("artists", "albums", "tracks", "features", "playlists", "entries", "comments", "titles")
_SPOTIFY_WANTS = ("artists=all", "albums=all", "tracks=all", "features=all", "playlists=all")
_DEEZER_WANTS = ("artists=1000", "albums=2000")
# Sizes of the other worlds: chosen so that the demo takes half a minute.
_SOUNDCLOUD_ARTISTS, _IMDB_TITLES = "150", "8000"


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
    started = time.monotonic()
    _prepare(data, catalogue)
    note(("This world is simulated: stand-ins of Spotify and Deezer on this machine.", "dim"))
    if catalogue:
        collected = _crawl_catalogue(data, "--catalogue", str(catalogue))
    else:
        collected = _crawl_catalogue(data, "--artists", str(artists), "--seed", str(seed))
    # A file of songs says nothing about listeners, so there is no stand-in of them.
    comments = None if catalogue else _crawl_comments(data, seed)
    _import_titles(data, seed)
    result = _show(data, collected, comments)
    out.print(screen(result, time.monotonic() - started))


def _print_step(number: str, text: str) -> None:
    note()
    note((number, "bold"), f" {text}")


def _prepare(data: Path, catalogue: Path | None) -> None:
    """Empty a folder that an earlier demo made; UsageError for any other that holds something."""
    if catalogue and not catalogue.is_file():
        raise UsageError(f"There is no file {catalogue}.", next_step="Check --catalogue.")
    if data.exists() and any(data.iterdir()):
        if not (data / _MARKER).exists():
            raise UsageError(
                f"{data} is not empty and was not made by a demo.",
                saved="Nothing was touched.",
                next_step="Name another folder: phonofilm demo --data FOLDER",
            )
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    (data / _MARKER).write_text("phonofilm demo removes this folder when it runs again\n")


def _crawl_catalogue(data: Path, *world: str) -> CatalogueResult:
    """Crawl Spotify's stand-in with a crash and again, then Deezer's."""
    with (
        sandbox("spotify", "--access", "extended-legacy", *world) as spotify,
        sandbox("deezer", "--rate", "none", *world) as deezer,
    ):
        truth = get_json(f"{spotify}/__sandbox__/truth")
        _print_step("1", "Spotify's stand-in, extended access")
        crawl = _crawl_words("spotify", spotify, _SPOTIFY_WANTS)
        killed_after = crawl_and_kill(*crawl, data=data, url=spotify)
        err.show_cursor(True)
        note()
        note("  ", ("kill -9", "red"), f" after {killed_after:,} calls; the same command again:")
        resumed = run_json(*crawl, data=data)
        _print_step("2", "Deezer's stand-in, no key")
        return CatalogueResult(
            truth=truth,
            killed_after=killed_after,
            spotify=resumed,
            deezer=run_json(*_crawl_words("deezer", deezer, _DEEZER_WANTS), data=data),
        )


def _crawl_words(source: str, url: str, wants: tuple[str, ...]) -> list[str]:
    options = [word for want in wants for word in ("--want", want)]
    return ["crawl", source, "--at", url, *options, "-w", "8"]


def _crawl_comments(data: Path, seed: int) -> CommentsResult:
    """Crawl ten artists of a genre with every comment on their tracks."""
    options = ("--artists", _SOUNDCLOUD_ARTISTS, "--seed", str(seed))
    with sandbox("soundcloud,beatport", *options) as url:
        _print_step("3", "SoundCloud's and Beatport's: ten artists of a genre, every comment")
        result = collect_comments(data, url)
    matched = f", {result.matched:,} of {result.tracks:,} tracks found" if result.tracks else ""
    note(f"  {result.comments:,} comments{matched}")
    return result


def _import_titles(data: Path, seed: int) -> None:
    """Import the dumps of IMDb's stand-in; of all titles, anime."""
    with sandbox("imdb", "--titles", _IMDB_TITLES, "--seed", str(seed)) as url:
        _print_step("4", "IMDb's stand-in: its dumps, and of them anime")
        result = run_json("import", "imdb", "--files", url, "--only", "anime", data=data)
    titles = sum(result["kept"].values())
    rows = sum(int(file["rows"]) for file in result["files"].values())
    note(f"  {rows:,} rows in {len(result['files'])} files, {titles:,} titles kept")


def _show(data: Path, catalogue: CatalogueResult, comments: CommentsResult | None) -> DemoResult:
    """Load, export and report what was collected."""
    workspace = Workspace(data)
    with err.status("5 Loading, exporting, reporting"):
        loaded = load(workspace)
        exports = [
            file
            for name in _EXPORTS
            for file in export(workspace, name, "csv", data / "exports" / f"{name}.csv")
        ]
        page = report(workspace, data / "report.html")
        with open_snapshot(workspace) as connection:
            tracks = most_commented(connection)
        picture = waveform(workspace, tracks[0].id, data / "track.svg") if tracks else None
    return DemoResult(
        workspace=workspace,
        catalogue=catalogue,
        comments=comments,
        loaded=loaded,
        exports=exports,
        report=page,
        tracks=tracks,
        picture=picture,
    )
