"""The Python interface: a data folder as a typed object.

crate = phonofilm.open("data")
crate.crawl("deezer", want={"artists": 1000})
crate.load()
crate.artists.df()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from phonofilm.config import Settings, load_settings
from phonofilm.crawl import lookup
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.parking import dumps_obeyed
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.saved import land
from phonofilm.crawl.scope.goal import Goal, parse_want
from phonofilm.crawl.scope.scopes import Everything, OfGenre
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.crawl.session import crawl
from phonofilm.crawl.share_links import resolve_share_links
from phonofilm.erasure.person import Removed, erase_person
from phonofilm.errors import UsageError
from phonofilm.files import expanded
from phonofilm.imports.dumps import ImportOptions, ImportResult, import_dumps
from phonofilm.imports.saved import LandResult
from phonofilm.media.wanted import parse_roles
from phonofilm.records import BY_PLURAL, Record
from phonofilm.runtime.event_loop import run
from phonofilm.show.report import report
from phonofilm.show.rows import Rows, Table
from phonofilm.show.waveform import waveform
from phonofilm.sources import get
from phonofilm.sources.capabilities import resolve_field
from phonofilm.store_failures import store_failures
from phonofilm.warehouse.export.card import Exported
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.export.row_choice import RowChoice
from phonofilm.warehouse.load.load import Loaded, load
from phonofilm.workspace import Workspace

if TYPE_CHECKING:
    from phonofilm.enrich.cross_source import CrossSourceResult
    from phonofilm.enrich.enrich import EnrichResult
    from phonofilm.identity.explain import Explanation
    from phonofilm.identity.match import MatchResult

T = TypeVar("T")
TABLES = (*BY_PLURAL, "films")
"""Tables and views that a crate has as attributes."""


class Crate:
    """One data folder, opened by `phonofilm.open`.

    Each table of the warehouse is an attribute by its name: `crate.artists`, `crate.tracks`,
    `crate.films` and so on (`TABLES`), as a `Table`.
    """

    def __init__(
        self,
        folder: str | Path = "data",
        settings: Settings | None = None,
        warehouse: str = "",
        landing: str = "",
    ) -> None:
        self.settings = settings or load_settings()
        self.folder = Workspace(
            root=expanded(folder),
            database=warehouse or self.settings.warehouse.get_secret_value(),
            landing_url=landing or self.settings.landing,
        )

    def __getattr__(self, name: str) -> Table:
        """Return a table of the warehouse."""
        if name not in TABLES:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        table = Table(self.folder, name)
        setattr(self, name, table)
        return table

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *TABLES})

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
        refresh_days: float | None = None,
        wait: bool = False,
        media: str = "",
    ) -> CrawlResult:
        """Collect from a source, as `phonofilm crawl`.

        `want` maps kinds to numbers, None for all: `want={"artists": 1000, "albums": None}`.
        `refresh_days` requests again what was answered longer ago than so many days.
        """
        wants = dict(
            parse_want(f"{kind}={'all' if number is None else number}")
            for kind, number in (want or {}).items()
        )
        selection = Selection(
            urls=list(urls), genre=genre, artists=list(artist), playlist=playlist, ids=list(ids)
        )
        texts = _run(resolve_share_links(selection.texts(), source, self.settings, at))
        wants, scope = select(source, selection.replaced(texts), wants)
        options = CrawlOptions(
            source=source,
            goal=Goal(wants, max_calls, max_seconds),
            scope=scope,
            at=at,
            workers=workers,
            fresh=fresh,
            refresh_days=refresh_days,
            wait=wait,
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
        """Import a source's dumps, as `phonofilm import`; `files` is a folder or an address."""
        options = ImportOptions(
            source=source,
            files=str(files) if "://" in str(files) else str(expanded(files)),
            only=only,
            id_map=id_map and expanded(id_map),
            allow_shrink=allow_shrink,
        )
        obeyed = dumps_obeyed(self.folder, source)
        return _run(import_dumps(self.folder, self.settings, options, obeyed=obeyed))

    @store_failures()
    def land(self, source: str, *paths: str | Path) -> LandResult:
        """Land saved pages, folders of them or WARC files, as `phonofilm land`."""
        return land(
            self.folder, source, [expanded(path) for path in paths], self.settings.keep_names
        )

    @store_failures()
    def load(self) -> Loaded:
        """Load what was collected into the warehouse, as `phonofilm load`."""
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
        """Fill fields of artists from the sources that have them, as `phonofilm crawl --plan`."""
        from phonofilm.enrich.enrich import EnrichOptions, enrich  # noqa: PLC0415 - an extra

        named = [field for word in fields if (field := resolve_field(word.lower(), ["artist"]))]
        if len(named) < len(fields):
            raise UsageError(f"Not all of these are fields: {', '.join(fields)}.")
        options = EnrichOptions(
            source=source,
            artists=artists,
            fields=named,
            scope=OfGenre(genre) if genre else Everything(),
            at=at,
            max_calls=max_calls,
        )
        return _run_apart(lambda: enrich(self.folder, self.settings, options))

    def find_beside(
        self, source: str, beside: str, *, at: str | None = None, max_calls: int | None = None
    ) -> CrossSourceResult:
        """Find the tracks of the source `beside` at `source`, as `phonofilm crawl --for`."""
        from phonofilm.enrich.cross_source import CrossSourceOptions, match_source  # noqa: PLC0415 - an extra

        options = CrossSourceOptions(source=source, reference=beside, at=at, max_calls=max_calls)
        return _run_apart(lambda: match_source(self.folder, self.settings, options))

    @store_failures()
    def forget(self, who: str, *, source: str = "soundcloud") -> Removed:
        """Remove a person everywhere, as `phonofilm forget`."""
        return erase_person(self.folder, who, source)

    @store_failures()
    def match(self, *, again: bool = False) -> MatchResult:
        """Match records of the same entity across sources, as `phonofilm match`."""
        from phonofilm.identity.match import match  # noqa: PLC0415 - an extra

        return match(self.folder, again)

    @store_failures()
    def explain(self, one: str, other: str, *, kind: str = "") -> Explanation:
        """Explain why two records, `source:id`, are one entity or two."""
        from phonofilm.identity.explain import explain  # noqa: PLC0415 - an extra

        return explain(self.folder, one, other, kind)

    def find(
        self,
        kind: str,
        words: str = "",
        *,
        source: str = "deezer",
        at: str | None = None,
        artist: str = "",
    ) -> list[Record]:
        """Search a source with one or two requests; nothing is stored."""
        return _run(lookup.find(self.folder, self.settings, source, at, kind, words, artist))

    def sql(self, query: str) -> Rows:
        """Return the rows of a query on the newest snapshot."""
        return Rows(self.folder, query)

    @store_failures()
    def export(
        self, table: str, out: str | Path, *, format: str = "csv", shape: str = "", genre: str = ""
    ) -> list[Exported]:
        """Write a table and its card, as `phonofilm export`; `genre` chooses rows of a genre."""
        rows = RowChoice(genre=genre)
        return export(self.folder, table, format, expanded(out), shape, rows=rows)

    @store_failures()
    def report(self, out: str | Path = "report.html") -> Path:
        """Write the page of what was collected, as `phonofilm report`."""
        return report(self.folder, expanded(out))

    @store_failures()
    def waveform(self, track: str, out: str | Path = "track.svg") -> Path:
        """Write the picture of a track with its comments, as `phonofilm report --track`."""
        return waveform(self.folder, track, expanded(out))


def open(folder: str | Path = "data", *, warehouse: str = "", landing: str = "") -> Crate:  # noqa: A001 - reads as phonofilm.open("data")
    """Open a data folder, which need not exist yet.

    `warehouse` names a PostgreSQL, `landing` an object store, as the options of the command line.
    """
    return Crate(folder, warehouse=warehouse, landing=landing)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where an event loop is running, as in a notebook."""
    return _run_apart(lambda: run(work))


@store_failures()
def _run_apart(function: Callable[[], T]) -> T:
    """Call a function that starts an event loop; in a thread of its own where one is running."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


__all__ = ["Crate", "Rows", "Table", "open"]
