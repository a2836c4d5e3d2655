"""IMDb: what its dumps hold, and how its title pages are asked for where consent was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from phonofilm.sources.bulk.contract import BulkSource, DumpTable, RecordQuery, Rule
from phonofilm.sources.classify import classify_http
from phonofilm.sources.contract import Malformed, Outcome, Parser, Request, Response
from phonofilm.sources.http import HttpSource
from phonofilm.sources.imdb import parts
from phonofilm.sources.imdb.id_map import read_id_map
from phonofilm.sources.imdb.pages import parse_title_page, title_id_of
from phonofilm.sources.imdb.tables import RECORD_QUERIES, TABLES
from phonofilm.sources.manifest import load_manifest


class Imdb(BulkSource, HttpSource):
    """Dumps, and title pages."""

    parsers: ClassVar[Mapping[str, Parser]] = {"title_page": parse_title_page}
    saved_endpoint = "title_page"
    saved_access = "pages"
    tables: Mapping[str, DumpTable] = TABLES
    record_queries: Sequence[RecordQuery] = RECORD_QUERIES
    subset_filters = parts.SUBSET_FILTERS
    credited_sql = parts.CREDITED_SQL

    def rules(self, only: str, id_map: bool) -> list[Rule]:
        """Return the rules of a partial import."""
        return parts.rules(only, id_map)

    def tables_of(self, only: str) -> tuple[str, ...]:
        """Return the tables that the rules look at."""
        return parts.tables_of(only)

    def read_id_map(self, path: Path) -> list[str]:
        """Read the `tt` ids of a map, which tells anime better than the dumps can."""
        return read_id_map(path)

    def classify(self, request: Request, response: Response) -> Outcome:
        """Classify like a saved page; a page that was cut is requested again."""
        outcome = self.classify_saved(response)
        if outcome.verdict == "answer" and b"</html>" not in response.body:
            return Outcome("unavailable", f"a page cut after {len(response.body):,} bytes")
        return outcome

    def classify_saved(self, response: Response) -> Outcome:
        """Classify by HTTP; an empty page is the bot wall of 2026, with or without its header.

        A saved page that was cut still has its JSON-LD.
        """
        if response.status == 202 or (response.status == 405 and not response.body):
            return Outcome("bot_wall", f"HTTP {response.status}, {len(response.body)} bytes")
        return classify_http(response)

    def identify(self, response: Response) -> Request:
        """Return the title of a saved page."""
        title_id = title_id_of(response.body)
        if title_id is None:
            raise Malformed("no page of a title of IMDb")
        return Request("title_page", (title_id,))


SOURCE = Imdb(load_manifest(__package__))
