"""`phonofilm find`: search the warehouse, or a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import typer

from phonofilm.cli import options as shared
from phonofilm.cli.columns import COLUMNS
from phonofilm.cli.console import note, print_json, print_table
from phonofilm.config import Settings, load_settings
from phonofilm.crawl import lookup
from phonofilm.errors import UsageError
from phonofilm.records.kinds import PLURALS, SEARCHABLE
from phonofilm.runtime.event_loop import run
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace

_ORDERS = {
    "artist": "popularity DESC NULLS LAST, followers DESC NULLS LAST",
    "album": "release_date",
    "track": "popularity DESC NULLS LAST",
    "playlist": "track_count DESC",
    "title": "start_year DESC NULLS LAST",
}
# Chosen, not tuned: more rows than a person reads.
_ROWS_MAX = 500


@dataclass(frozen=True, kw_only=True)
class FindArguments:
    """Arguments and options of `phonofilm find`, in the order of its help."""

    kind: Annotated[str, typer.Argument(help="artist, album, track, playlist or title.")]
    words: Annotated[str, typer.Argument(help="What to look for.")] = ""
    artist: Annotated[
        str, typer.Option("--artist", "-a", help="The albums (or top tracks) of an artist.")
    ] = ""
    source: Annotated[
        str, typer.Option("--source", "-s", help="Search at a source instead of the warehouse.")
    ] = ""
    limit: Annotated[int, typer.Option("--limit", "-l", min=1, help="Rows.")] = 20
    at: shared.At = None
    data: shared.Data = None
    config: shared.Config = None
    json: shared.Json = False


@shared.takes_options
def command(arguments: FindArguments) -> None:
    """Find artists, albums, tracks, playlists or titles: in the warehouse, or at a source."""
    kind = _parse_kind(arguments)
    settings = load_settings(arguments.config)
    workspace = shared.open_workspace(arguments.data, settings)
    if arguments.at is not None or arguments.source or published(workspace) is None:
        rows = _search_source(workspace, settings, kind, arguments)
    else:
        rows = _search_warehouse(workspace, kind, arguments.words, arguments.artist)
    rows = rows[: arguments.limit]
    if arguments.json:
        print_json([dict(zip(COLUMNS[kind], map(_json_value, row), strict=True)) for row in rows])
    elif rows:
        print_table(COLUMNS[kind], rows)
    else:
        note("Nothing found.")


def _parse_kind(arguments: FindArguments) -> str:
    """Return the kind to search for, in the singular; UsageError when it cannot be searched."""
    kind = arguments.kind.rstrip("s").lower()
    named = arguments.words or arguments.artist
    if kind not in SEARCHABLE or not named:
        raise UsageError(
            f"Cannot find {arguments.kind!r}." if named else "Find what?",
            next_step="Say: phonofilm find artist radiohead, or find albums --artist Radiohead",
        )
    if arguments.artist and kind not in ("album", "track"):
        raise UsageError(
            "--artist goes with albums or tracks.",
            next_step="Say: phonofilm find albums --artist Radiohead",
        )
    return kind


def _search_source(
    workspace: Workspace, settings: Settings, kind: str, arguments: FindArguments
) -> list[list[Any]]:
    """Return rows of the columns of a kind; absent values are UNSET."""
    source = arguments.source or ("tmdb" if kind == "title" else "deezer")
    search = lookup.find(
        workspace, settings, source, arguments.at, kind, arguments.words, arguments.artist
    )
    return [[getattr(record, column) for column in COLUMNS[kind]] for record in run(search)]


def _search_warehouse(workspace: Workspace, kind: str, words: str, artist: str) -> list[list[Any]]:
    """Return rows whose name contains every word, in any case, best first."""
    conditions, values = ["TRUE"], []
    for word in words.split():
        conditions.append("contains(lower(name), lower(?))")
        values.append(word)
    if artist:
        conditions.append(
            "list_contains(list_transform(artist_names, lambda n: lower(n)), lower(?))"
        )
        values.append(artist)
    with open_snapshot(workspace) as connection:
        cursor = connection.execute(
            f"SELECT {', '.join(COLUMNS[kind])} FROM {PLURALS[kind]}"
            f" WHERE {' AND '.join(conditions)} ORDER BY {_ORDERS[kind]} LIMIT {_ROWS_MAX}",
            values,
        )
        return [list(row) for row in cursor.fetchall()]


def _json_value(value: Any) -> Any:
    return None if value is msgspec.UNSET else value
