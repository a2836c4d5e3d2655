"""What `import phonofilm` gives: a data folder as a typed object.

crate = phonofilm.open("data")
crate.crawl("deezer", want={"artists": 1000})
crate.load()
crate.artists.df()
"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from phonofilm.config import Settings, load_settings
from phonofilm.crawl import lookup as finding
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.saved import land
from phonofilm.crawl.scope.goal import Goal, parse_want
from phonofilm.crawl.scope.scopes import Everything, OfGenre
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.crawl.session import crawl
from phonofilm.erasure.person import Removed, erase_person
from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.imports.dumps import ImportOptions, ImportResult, import_dumps
from phonofilm.imports.saved import LandResult
from phonofilm.media.wanted import parse_roles
from phonofilm.records import RECORDS, Record
from phonofilm.runtime.event_loop import run
from phonofilm.show.report import report
from phonofilm.show.waveform import waveform
from phonofilm.sources import get
from phonofilm.sources.capabilities import place_of
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import Loaded, load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

if TYPE_CHECKING:
    from phonofilm.enrich.cross_source import CrossSourceResult
    from phonofilm.enrich.enrich import EnrichResult
    from phonofilm.identity.explain import Explanation
    from phonofilm.identity.match import MatchResult

T = TypeVar("T")


class Rows:
    """The answer to a query, in the form that suits."""

    def __init__(self, folder: Workspace, query: str) -> None:
        self._folder, self._query = folder, query

    def fetch(self) -> tuple[builtins.list[str], builtins.list[tuple[Any, ...]]]:
        """Names of the columns, and the rows."""
        with open_snapshot(self._folder) as connection:
            try:
                found = connection.execute(self._query)
                rows = found.fetchall() if found else []
            except ModuleNotFoundError:  # instants with a zone need pytz
                raise UsageError(
                    "The query gives an instant with a time zone.",
                    next_step="Cast it: now()::TIMESTAMP",
                ) from None
            except duckdb.Error as error:
                raise UsageError(
                    f"The query fails: {error}", next_step="phonofilm show lists the tables."
                ) from None
            if not found:
                raise UsageError("The query is empty.")
            return [column[0] for column in found.description or ()], rows

    @property
    def columns(self) -> builtins.list[str]:
        """The names of the columns."""
        return self.fetch()[0]

    def rows(self) -> builtins.list[tuple[Any, ...]]:
        """Plain tuples."""
        return self.fetch()[1]

    def dicts(self) -> builtins.list[dict[str, Any]]:
        """A dict per row."""
        names, rows = self.fetch()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows())

    def __len__(self) -> int:
        with open_snapshot(self._folder) as connection:
            row = connection.execute(f"SELECT count(*) FROM ({self._query})").fetchone()
        return int(row[0]) if row else 0

    def df(self) -> Any:
        """A pandas data frame; needs the extra `pandas`."""
        _needs("pandas", "pandas")
        return self.arrow().to_pandas()

    def pl(self) -> Any:
        """A polars data frame; needs the extra `polars`."""
        return _needs("polars", "polars").from_arrow(self.arrow())

    def arrow(self) -> Any:
        """An Arrow table; needs the extra `arrow`."""
        _needs("pyarrow", "arrow")
        with open_snapshot(self._folder) as connection:
            return connection.sql(self._query).to_arrow_table()


def _needs(module: str, extra: str) -> ModuleType:
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"This needs {module}.", next_step=f"Install it: pip install 'phonofilm[{extra}]'"
        ) from None


class Table(Rows):
    """A table of the warehouse, as of the last load."""

    def __init__(self, folder: Workspace, name: str) -> None:
        super().__init__(folder, f"SELECT * FROM {name}")
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} rows>"


class Crate:
    """One data folder. Made by `phonofilm.open`."""

    artists: Table
    albums: Table
    tracks: Table
    features: Table
    playlists: Table
    entries: Table
    genres: Table
    artist_genres: Table
    relations: Table
    titles: Table
    people: Table
    credits: Table
    title_genres: Table
    ratings: Table
    akas: Table
    episodes: Table
    films: Table
    tags: Table
    external_ids: Table
    sounds: Table
    comments: Table
    web_profiles: Table
    labels: Table
    chart_entries: Table
    media: Table

    def __init__(
        self,
        folder: str | Path = "data",
        settings: Settings | None = None,
        warehouse: str = "",
        landing: str = "",
    ) -> None:
        self.settings = settings or load_settings()
        self.folder = Workspace(
            Path(folder),
            warehouse or self.settings.warehouse.get_secret_value(),
            landing or self.settings.landing,
        )
        for cls in RECORDS:
            setattr(self, cls.plural, Table(self.folder, cls.plural))
        self.films = Table(self.folder, "films")

    def __repr__(self) -> str:
        return f"phonofilm.open({str(self.folder.root)!r})"

    def crawl(
        self,
        source: str,
        urls: Sequence[str] = (),
        *,
        want: Mapping[str, int | None] | None = None,
        genre: str = "",
        artist: Sequence[str] = (),
        playlist: str = "",
        ids: Sequence[str] = (),
        at: str | None = None,
        max_calls: int | None = None,
        max_seconds: float | None = None,
        workers: int = 4,
        fresh: bool = False,
        wait: bool = False,
        media: str = "",
    ) -> CrawlResult:
        """Collects; `want={"artists": 1000, "albums": None}` (None: all). As `phonofilm crawl`."""
        wants = dict(
            parse_want(f"{kind}={'all' if number is None else number}")
            for kind, number in (want or {}).items()
        )
        choice = Selection(list(urls), genre, list(artist), playlist, list(ids))
        goal_wants, scope = select(source, choice, wants)
        options = CrawlOptions(
            source,
            Goal(goal_wants, max_calls, max_seconds),
            scope,
            at,
            workers,
            fresh,
            wait,
            media=parse_roles(media, get(source)) if media else [],
        )
        return _run(crawl(self.folder, self.settings, options))

    def import_(
        self,
        source: str,
        files: str | Path = "",
        *,
        only: str = "",
        id_map: Path | None = None,
        allow_shrink: bool = False,
    ) -> ImportResult:
        """Brings in a source's dumps, as `phonofilm import`; `files` is a folder or an address."""
        options = ImportOptions(source, str(files), only, id_map, allow_shrink)
        return _run(import_dumps(self.folder, self.settings, options))

    def land(self, source: str, *paths: str | Path) -> LandResult:
        """Lands pages, folders of them or WARC files that somebody saved."""
        return land(self.folder, source, [Path(path) for path in paths], self.settings.keep_names)

    def load(self) -> Loaded:
        """Brings what was collected into the warehouse."""
        return load(self.folder)

    def fill(
        self,
        fields: Sequence[str] = ("genres", "popularity", "related", "bpm", "preview"),
        *,
        source: str = "",
        artists: int = 100,
        genre: str = "",
        at: str | None = None,
        max_calls: int | None = None,
    ) -> EnrichResult:
        """Fills fields of artists from whoever has them; as `phonofilm crawl --plan`."""
        carry = _needs("phonofilm.enrich.enrich", "match")
        places = [place for word in fields if (place := place_of(word.lower(), ["artist"]))]
        if len(places) < len(fields):
            raise UsageError(f"Not all of these are fields: {', '.join(fields)}.")
        scope = OfGenre(genre) if genre else Everything()
        wish = carry.EnrichOptions(source, artists, places, scope, at, max_calls=max_calls)
        filled: EnrichResult = _beside(lambda: carry.enrich(self.folder, self.settings, wish))
        return filled

    def find_beside(
        self, source: str, beside: str, *, at: str | None = None, max_calls: int | None = None
    ) -> CrossSourceResult:
        """Finds the tracks of one source at another; as `phonofilm crawl SOURCE --for OTHER`."""
        held = _needs("phonofilm.enrich.cross_source", "match")
        wish = held.CrossSourceOptions(source, beside, at, max_calls=max_calls)
        found: CrossSourceResult = _beside(
            lambda: held.match_source(self.folder, self.settings, wish)
        )
        return found

    def forget(self, who: str, *, source: str = "soundcloud") -> Removed:
        """Removes a person everywhere; as `phonofilm forget`."""
        return erase_person(self.folder, who, source)

    def match(self, *, again: bool = False) -> MatchResult:
        """Finds which records are the same thing; as `phonofilm match`."""
        matched: MatchResult = _needs("phonofilm.identity.match", "match").match(self.folder, again)
        return matched

    def explain(self, one: str, other: str, *, kind: str = "") -> Explanation:
        """Why two records, `source:id`, are one thing or two."""
        told: Explanation = _needs("phonofilm.identity.explain", "match").explain(
            self.folder, one, other, kind
        )
        return told

    def find(
        self,
        kind: str,
        words: str = "",
        *,
        source: str = "deezer",
        at: str | None = None,
        artist: str = "",
    ) -> builtins.list[Record]:
        """Searches a source on the spot; nothing is kept."""
        return _run(finding.find(self.folder, self.settings, source, at, kind, words, artist))

    def sql(self, query: str) -> Rows:
        """A query on the newest snapshot."""
        return Rows(self.folder, query)

    def export(
        self, table: str, out: str | Path, *, format: str = "csv", shape: str = ""
    ) -> builtins.list[Exported]:
        """Writes a table and its card."""
        return export(self.folder, table, format, Path(out), shape)

    def report(self, out: str | Path = "report.html") -> Path:
        """Writes the page of what was collected."""
        return report(self.folder, Path(out))

    def waveform(self, track: str, out: str | Path = "track.svg") -> Path:
        """Writes the picture of a track with its comments; as `phonofilm report --track`."""
        return waveform(self.folder, track, Path(out))


def open(folder: str | Path = "data", *, warehouse: str = "", landing: str = "") -> Crate:  # noqa: A001 - reads as phonofilm.open("data")
    """A data folder as an object; it need not exist yet.

    `warehouse` names a PostgreSQL, `landing` an object store, as the options of the command line.
    """
    return Crate(folder, warehouse=warehouse, landing=landing)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine, in a notebook too, where a loop is running already."""
    return _beside(lambda: run(work))


def _beside(work: Callable[[], T]) -> T:
    """Does what starts a loop of its own, in another thread where one is running here."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


__all__ = ["Crate", "Rows", "Table", "open"]
