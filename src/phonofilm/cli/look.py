"""`status`, `show`, `sql`, `find`: looking at what is there."""

from __future__ import annotations

import json as json_module
from typing import Annotated, Any

import typer

from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, out, say, say_finding, table
from phonofilm.config import load_settings
from phonofilm.crawl import lookup as finding
from phonofilm.crawl.frontier.sqlite import SqliteFrontier
from phonofilm.errors import UsageError
from phonofilm.formatting import format_coverage, format_minute
from phonofilm.records import BY_PLURAL
from phonofilm.records.kinds import PLURALS, SEARCHABLE, WANTED
from phonofilm.runtime.event_loop import run
from phonofilm.sources import source_names
from phonofilm.warehouse.export.export import TABLES
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace

_SHOWN = {
    "artist": ("name", "popularity", "followers", "genres", "id"),
    "album": ("name", "artist_names", "release_date", "album_type", "total_tracks", "id"),
    "track": ("name", "artist_names", "album_name", "duration_ms", "popularity", "id"),
    "playlist": ("name", "track_count", "owner_name", "id"),
    "title": ("name", "original_name", "title_type", "release_date", "id"),
}


_BEST_FIRST = {
    "artist": "popularity DESC NULLS LAST, followers DESC NULLS LAST",
    "album": "release_date",
    "track": "popularity DESC NULLS LAST",
    "playlist": "track_count DESC",
    "title": "start_year DESC NULLS LAST",
}


_ORDERS = {
    "artists": "popularity DESC NULLS LAST, followers DESC NULLS LAST",
    "titles": "votes DESC NULLS LAST, id",
    "films": "votes DESC NULLS LAST, id",
    "ratings": "votes DESC NULLS LAST, id",
}
# Titles are read with what is known around them; on a screen, what fits.
_WIDER = {"titles": "titles_wide"}
_TITLE_COLUMNS = (
    "name, title_type AS type, CAST(start_year AS VARCHAR) AS year, rating, votes,"
    " array_to_string(genres[:2], ', ') AS genres, id"
)
_COLUMNS = {"titles": _TITLE_COLUMNS, "films": _TITLE_COLUMNS}


def status(
    yields: Annotated[
        bool, typer.Option("--yields", help="What each kind of call brought and may bring.")
    ] = False,
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """What is known, how much of the reachable, what was asked, what is parked, by source."""
    folder = shared.folder_of(data)
    folder.check()
    told = {name: held for name in source_names() if (held := _status_of(folder, name))}
    snapshot = published(folder)
    if json:
        as_json({"sources": told, "snapshot": snapshot.stem if snapshot else None})
        return
    if not told:
        raise UsageError(
            f"{folder.root} holds nothing yet.",
            next_step="Begin with: phonofilm crawl deezer -n 100",
        )
    for name, held in told.items():
        out.print(f"[bold]{name}[/] from {held['origin']} ({held['access']})")
        if held["parked_until"]:
            out.print(f"  [yellow]⏸[/] parked until {format_minute(held['parked_until'])}")
        seen = (held["last_run"] or {}).get("coverage", {})
        rows = [
            (
                plural,
                c["full"],
                c["mentioned"],
                format_coverage(seen[plural]) if plural in seen else "",
            )
            for plural, c in held["records"].items()
        ]
        table(("", "full", "mentioned", "of the reachable"), rows)
        if yields:
            _show_yields(held)
        else:
            table(("endpoint", "status", "calls"), held["calls"])
        for found in (held["last_run"] or {}).get("findings", []):
            say_finding(found)
        if held["absent"]:
            out.print(f"  not there at this access level: {', '.join(held['absent'])}")
    say(f"Newest snapshot: {snapshot.stem if snapshot else 'none yet, run phonofilm load'}")


def _show_yields(held: dict[str, Any]) -> None:
    """What each kind of call brought, and what the next of it may bring."""
    rows = []
    for row in held["yields"]:
        after = "-" if row["expected"] is None else f"{row['expected']:.2f} ± {row['error']:.2f}"
        still = "dry" if row["dry"] else row["open"]
        mean = row["brought"] / row["calls"] if row["calls"] else 0.0
        rows.append(
            (row["call"], row["calls"], f"{row['brought']:,.1f}", f"{mean:.2f}", after, still)
        )
    table(("call", "made", "brought", "a call", "next, expected", "open"), rows)
    say("Brought: new things of wanted kinds, a full one 1, a mention 0.5. A + is a further page.")
    lists = (held["last_run"] or {}).get("coverage_by_list", {})
    if lists:
        table(("list", "known"), [(name, format_coverage(share)) for name, share in lists.items()])


def _yields_of(frontier: SqliteFrontier, last: dict[str, Any] | None) -> list[dict[str, Any]]:
    later = {row["name"]: row for row in (last or {}).get("yields", [])}
    rows = []
    for call, made, brought, _ in frontier.gain_by_queue():
        held = later.get(call, {})
        rows.append(
            {
                "call": call,
                "calls": made,
                "brought": brought,
                "expected": held.get("gain"),
                "error": held.get("error"),
                "open": held.get("pending"),
                "dry": held.get("dry", False),
            }
        )
    return rows


def _status_of(folder: Workspace, name: str) -> dict[str, Any] | None:
    path = folder.frontier / f"{name}.sqlite"
    if not path.exists():
        return None
    frontier = SqliteFrontier(path)
    try:
        tally = frontier.tally()
        until = frontier.meta("parked_until")
        runs = frontier.runs()
        last = json_module.loads(runs[-1][2]) if runs else None
        return {
            "yields": _yields_of(frontier, last),
            "origin": frontier.meta("origin") or (last or {}).get("origin"),
            "access": frontier.meta("access") or (last or {}).get("access"),
            "parked_until": float(until) if until else None,
            "records": {PLURALS[k]: tally[k] for k in WANTED if k in tally},
            "calls": [list(row) for row in frontier.request_counts()],
            "absent": sorted(frontier.absent()),
            "last_run": last,
        }
    finally:
        frontier.close()


def show(
    name: Annotated[
        str, typer.Argument(metavar="[TABLE]", help="A table; without one, all of them.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-l", min=1, help="Rows.")] = 20,
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Show a table of the warehouse, or which tables there are."""
    with open_snapshot(shared.folder_of(data, warehouse=warehouse)) as connection:
        if not name:
            counts = [(t, _count(connection, t)) for t in TABLES]
            if json:
                as_json(dict(counts))
            else:
                table(("table", "rows"), counts)
            return
        if name not in TABLES:
            raise UsageError(
                f"There is no table called {name!r}.", next_step=f"Tables: {', '.join(TABLES)}."
            )
        order = _ORDERS.get(name, "ALL")
        shown = "*" if json else _COLUMNS.get(name, "*")
        found = connection.execute(
            f"SELECT {shown} FROM {_WIDER.get(name, name)} ORDER BY {order} LIMIT {int(limit)}"
        )
        names, rows = [column[0] for column in found.description or ()], found.fetchall()
    if json:
        as_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    chosen = name in _COLUMNS or name not in BY_PLURAL
    kind = "" if chosen else BY_PLURAL[name].kind
    wanted = [n for n in _SHOWN.get(kind, names) if n in names]
    places = [names.index(n) for n in wanted]
    table(wanted, [[row[place] for place in places] for row in rows])


def _count(connection: Any, name: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])


def first_column(folder: Workspace, query: str) -> list[str]:
    """The first column of a query, each value once; UsageError when it finds nothing."""
    from phonofilm.api import Rows  # noqa: PLC0415

    _, found = Rows(folder, query).fetch()
    names = list(dict.fromkeys(str(row[0]) for row in found if row and row[0] is not None))
    if not names:
        raise UsageError("--artists-from found nobody.", next_step='Try it: phonofilm sql "..."')
    return names


def sql(
    query: Annotated[str, typer.Argument(help="A query; phonofilm show lists the tables.")],
    warehouse: shared.Warehouse = "",
    data: shared.Data = None,
    json: shared.Json = False,
) -> None:
    """Ask the warehouse in SQL (DuckDB's, on a read-only snapshot)."""
    from phonofilm.api import Rows  # noqa: PLC0415

    rows = Rows(shared.folder_of(data, warehouse=warehouse), query)
    names, found = rows.fetch()
    if json:
        as_json([dict(zip(names, row, strict=True)) for row in found])
    else:
        table(names, found, grouped=False)


def find(
    kind: Annotated[str, typer.Argument(help="artist, album, track, playlist or title.")],
    words: Annotated[str, typer.Argument(help="What to look for.")] = "",
    artist: Annotated[
        str, typer.Option("--artist", "-a", help="The albums (or top tracks) of an artist.")
    ] = "",
    source: Annotated[
        str, typer.Option("--source", "-s", help="Search at a source instead of the warehouse.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-l", min=1, help="Rows.")] = 20,
    at: shared.At = None,
    data: shared.Data = None,
    config: shared.Config = None,
    json: shared.Json = False,
) -> None:
    """Find artists, albums, tracks, playlists or titles: in the warehouse, or at a source."""
    single = kind.rstrip("s").lower()
    if single not in SEARCHABLE or not (words or artist):
        raise UsageError(
            f"Cannot find {kind!r}." if words or artist else "Find what?",
            next_step="Say: phonofilm find artist radiohead, or find albums --artist Radiohead",
        )
    if artist and single not in ("album", "track"):
        raise UsageError(
            "--artist goes with albums or tracks.",
            next_step="Say: phonofilm find albums --artist Radiohead",
        )
    settings = load_settings(config)
    folder = shared.folder_of(data, settings)
    if at is not None or source or published(folder) is None:
        name = source or ("tmdb" if single == "title" else "deezer")
        work = finding.find(folder, settings, name, at, single, words, artist)
        rows = [[getattr(record, f) for f in _SHOWN[single]] for record in run(work)]
    else:
        rows = _in_warehouse(folder, single, words, artist)
    rows = rows[:limit]
    if json:
        as_json([dict(zip(_SHOWN[single], map(_jsonable, row), strict=True)) for row in rows])
    elif rows:
        table(_SHOWN[single], rows)
    else:
        say("Nothing found.")


def _jsonable(value: Any) -> Any:
    from msgspec import UNSET  # noqa: PLC0415

    return None if value is UNSET else value


def _in_warehouse(folder: Workspace, kind: str, words: str, artist: str) -> list[list[Any]]:
    names = ", ".join(_SHOWN[kind])
    clauses, values = ["TRUE"], []
    for word in words.split():
        clauses.append("contains(lower(name), lower(?))")
        values.append(word)
    if artist:
        clauses.append("list_contains(list_transform(artist_names, lambda n: lower(n)), lower(?))")
        values.append(artist)
    order = _BEST_FIRST[kind]
    with open_snapshot(folder) as connection:
        found = connection.execute(
            f"SELECT {names} FROM {PLURALS[kind]} WHERE {' AND '.join(clauses)}"
            f" ORDER BY {order} LIMIT 500",
            values,
        )
        return [list(row) for row in found.fetchall()]
