"""Saved title pages: the two blocks of data in them, as they stood from 2022 to 2026.

A page holds JSON-LD (short, its name the original one, its text with HTML entities) and
`__NEXT_DATA__` (all of it, text as it is). Every block has a place where its kind of page keeps it;
one that is not there is a finding, and its field absent: nothing missing looks like data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from phonofilm.records import ABSENT, Episode, Rating, Title, TitleGenre
from phonofilm.sources.contract import Finding, Malformed, Page, Request, Response
from phonofilm.sources.decode import NOT_JSON, json_or_none, mended
from phonofilm.sources.imdb.credit_lists import longer_lists
from phonofilm.sources.imdb.credits import credits_of, stars_of_json_ld
from phonofilm.sources.imdb.json_ld import FIELDS, genres, json_ld_of, rating_summary, title_fields
from phonofilm.sources.imdb.shapes import certificate_country, date_of, texts_of

_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script", re.DOTALL | re.IGNORECASE)
_TITLE_ID = re.compile(r"^tt\d{7,}$")
# No figure of a title is larger; more would not fit a column once it is multiplied.
_LARGEST = 10**14
_ABOVE, _MAIN = "aboveTheFoldData", "mainColumnData"
# Where each block stands, on a title's own page and on its reference page.
PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "titleText": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "originalTitleText": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "titleType": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "releaseYear": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "releaseDate": {"title": (_ABOVE, _MAIN), "reference": (_MAIN,)},
    "runtime": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "ratingsSummary": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "certificate": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "plot": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "primaryImage": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "genres": {"title": (_ABOVE,), "reference": (_ABOVE,)},
    "keywords": {"title": (_ABOVE,), "reference": (_MAIN,)},
    "credits": {"title": (_ABOVE,), "reference": (_MAIN,)},
    "isAdult": {"title": (_MAIN,), "reference": (_MAIN,)},
    "countriesOfOrigin": {"title": (_MAIN,), "reference": (_MAIN,)},
    "spokenLanguages": {"title": (_MAIN,), "reference": (_MAIN,)},
}
# One block under the names it had.
ALIASES: dict[str, tuple[str, ...]] = {
    "genres": ("genres", "titleGenres"),
    "keywords": ("keywords", "storylineKeywords"),
    "credits": ("principalCredits", "principalCreditsV2"),
}

Raw = dict[str, msgspec.Raw]


class _PageBlocks(NamedTuple):
    """The data of one page."""

    kind: str  # title, reference, or sub for pages that only repeat a title's head
    above: Raw
    main: Raw
    short: bytes  # the JSON-LD, read only where the rest lacks something
    is_mended: bool = False  # it had what JSON forbids

    @property
    def json_ld(self) -> dict[str, Any]:
        """The JSON-LD of a title; empty when it is of something else."""
        return json_ld_of(self.short) if self.short else {}


def parse_title_page(request: Request, response: Response) -> Page:
    """Return title, rating, genres, people and credits of a page; Malformed for any other page."""
    blocks = _read(response.body)
    reading = _Reading(blocks)
    title_id = reading.title_id()
    title = reading.title(title_id)
    records = [title, *reading.rating(title_id), *reading.genres(title_id)]
    records += reading.people(title_id)
    records += reading.episode(title_id)
    return Page(records=records, findings=reading.findings)


def title_id_of(body: bytes) -> str | None:
    """Return the title that a page is about, or None for a page of something else."""
    try:
        return _Reading(_read(body)).title_id()
    except Malformed:
        return None


def _read(body: bytes) -> _PageBlocks:
    """Return the data blocks of a page, which may be `__NEXT_DATA__` itself."""
    short = b""
    next_data: bytes | None = body if body.lstrip()[:1] == b"{" else None
    for match in () if next_data else _SCRIPT.finditer(body):
        if b"__NEXT_DATA__" in match[1]:
            next_data = match[2]
        elif b"ld+json" in match[1] and b"/title/tt" in match[2] and not short:
            short = match[2]
    has_json_ld = bool(short and json_ld_of(short))
    as_sent, next_data = next_data, next_data and mended(next_data)
    if next_data is not None and has_json_ld and json_or_none(next_data, msgspec.Raw) is None:
        next_data = None  # a page that was cut while it was saved
    if next_data is None and not has_json_ld:
        raise Malformed("a page without the data of a title")
    kind, above, main = _next_data(next_data) if next_data is not None else ("", {}, {})
    return _PageBlocks(kind, above, main, short, is_mended=next_data not in (None, as_sent))


class _Props(msgspec.Struct, frozen=True):
    pageProps: dict[str, msgspec.Raw] = {}  # noqa: N815 - as the page spells it


class _Next(msgspec.Struct):
    props: _Props = _Props()
    page: str = ""


def _next_data(text: bytes) -> tuple[str, Raw, Raw]:
    """Return kind of the page and its two large objects, their blocks still text."""
    try:
        data = msgspec.json.decode(text, type=_Next)
    except NOT_JSON as error:
        raise Malformed(f"its __NEXT_DATA__ is no such JSON ({error})") from None
    props = data.props.pageProps
    if not data.page.startswith("/title/"):
        raise Malformed(f"a page of another kind: {data.page or 'none'!r}")
    if data.page in ("/title/[tconst]", "/title/[tconst]/reference"):
        kind = "reference" if data.page.endswith("reference") else "title"
        return kind, _blocks(props.get(_ABOVE)), _blocks(props.get(_MAIN))
    content = _blocks(props.get("contentData"))
    return "sub", _blocks(content.get("entityMetadata")), {}


def _blocks(raw: msgspec.Raw | None) -> Raw:
    return (json_or_none(raw, Raw) or {}) if raw is not None else {}


class _Reading:
    """Reader of one page; a missing block becomes a finding."""

    def __init__(self, blocks: _PageBlocks) -> None:
        self._blocks = blocks
        self._json_ld: dict[str, Any] | None = None
        self.findings: list[Finding] = []
        if not blocks.kind:
            self.findings.append(Finding("missing_block", "__NEXT_DATA__"))
        if blocks.is_mended:
            self.findings.append(Finding("odd_value", "__NEXT_DATA__: NaN or half a character"))

    def title_id(self) -> str:
        """Return the `tt` id; Malformed without one."""
        title_id = self._value(self._blocks.above.get("id")) or self._value(
            self._blocks.main.get("id")
        )
        if title_id is None:
            match = re.search(r"/title/(tt\d+)", str(self.json_ld.get("url", "")))
            title_id = match[1] if match else None
        if not isinstance(title_id, str) or not _TITLE_ID.match(title_id):
            raise Malformed("a page that names no title")
        return title_id

    @staticmethod
    def _value(raw: msgspec.Raw | None) -> Any:
        return None if raw is None else json_or_none(raw)

    def block(self, name: str) -> Any:
        """Return a block's value, null as None; ABSENT with a finding when it is missing."""
        page_blocks = self._blocks
        if page_blocks.kind in ("", "sub"):
            places: tuple[str, ...] = (_ABOVE,)
        else:
            places = PLACES[name][page_blocks.kind]
        sides = {_ABOVE: page_blocks.above, _MAIN: page_blocks.main}
        for path in places:
            for alias in ALIASES.get(name, (name,)):
                if alias in sides[path]:
                    return self._value(sides[path][alias])
        for side, blocks in sides.items():  # elsewhere: it is used, with a finding
            for alias in ALIASES.get(name, (name,)):
                if alias in blocks:
                    self.findings.append(Finding("moved_block", f"{name} to {side}"))
                    return self._value(blocks[alias])
        if page_blocks.kind not in ("", "sub"):
            self.findings.append(Finding("missing_block", name))
        return ABSENT

    @property
    def json_ld(self) -> dict[str, Any]:
        """The JSON-LD, read when it is first needed."""
        if self._json_ld is None:
            self._json_ld = self._blocks.json_ld
        return self._json_ld

    def _text(self, name: str, *path: str) -> Any:
        """Return a text inside a block."""
        value = self.block(name)
        for step in path:
            value = value.get(step) if isinstance(value, dict) else value
        return value if isinstance(value, str) or value in (None, ABSENT) else None

    def title(self, title_id: str) -> Title:
        """Return the title's own fields."""
        name = self._text("titleText", "text")
        original = self._text("originalTitleText", "text")
        kind = self.block("titleType")
        year = self.block("releaseYear")
        runtime = self.block("runtime")
        date, precision, country = date_of(self.block("releaseDate"))
        if country is ABSENT:  # the head of a page has the date, its body says where
            country = date_of(self._value(self._blocks.main.get("releaseDate")))[2]
        certificate = self._text("certificate", "rating")
        title = Title(
            "imdb",
            title_id,
            name=name,
            original_name=original,
            start_year=_of(year, "year"),
            end_year=_of(year, "endYear"),
            title_type=_of(kind, "id", str),
            is_series=_of(kind, "isSeries", bool),
            is_adult=self._simple("isAdult", bool),
            runtime_ms=_milliseconds(runtime),
            release_date=date,
            release_date_precision=precision,
            release_country=country,
            certificate=certificate,
            plot=self._text("plot", "plotText", "plainText"),
            poster_url=self._text("primaryImage", "url"),
            keywords=texts_of(self.block("keywords"), "edges"),
            countries=texts_of(self.block("countriesOfOrigin"), "countries", "id"),
            languages=texts_of(self.block("spokenLanguages"), "spokenLanguages", "id"),
            imdb_id=title_id,
        )
        if certificate is not ABSENT:
            listed = self._value(self._blocks.main.get("certificates"))
            title.certificate_country = certificate_country(certificate, country, listed)
        self._fill(title)
        return title

    def _simple(self, name: str, kind: type) -> Any:
        value = self.block(name)
        return value if isinstance(value, kind) or value in (None, ABSENT) else None

    def _fill(self, title: Title) -> None:
        """Fill a title from the JSON-LD, the only data of a page without `__NEXT_DATA__`."""
        if all(getattr(title, name) is not ABSENT for name in FIELDS) or not self.json_ld:
            return
        for name, value in title_fields(self.json_ld).items():
            if getattr(title, name) is ABSENT and value is not ABSENT:
                setattr(title, name, value)

    def rating(self, title_id: str) -> Iterator[Rating]:
        """Return mean and votes; no votes, no mean."""
        summary = self.block("ratingsSummary")
        if summary is ABSENT:
            summary = rating_summary(self.json_ld)
        if isinstance(summary, dict):
            votes, mean = summary.get("voteCount"), summary.get("aggregateRating")
            mean = float(mean) if isinstance(mean, int | float) and votes else None
            votes = _sound(votes, int)
            yield Rating("imdb", title_id, rating=mean, votes=votes)

    def genres(self, title_id: str) -> Iterator[TitleGenre]:
        """Return one record per genre; a page has at most four, its JSON-LD three."""
        names = texts_of(self.block("genres"), "genres")
        if names is ABSENT:
            names = genres(self.json_ld)
        for genre in dict.fromkeys(g for g in names or [] if isinstance(g, str)):
            yield TitleGenre("imdb", f"{title_id}:{genre}", title_id=title_id, genre=genre)

    def people(self, title_id: str) -> list[Any]:
        """Return the people of the page and their credits."""
        groups = self.block("credits")
        if groups is ABSENT and self.json_ld:
            records, findings = stars_of_json_ld(title_id, self.json_ld)
        else:
            cast = self._value(self._blocks.main.get("cast"))
            records, findings = credits_of(title_id, groups, cast, longer_lists(self._any_block))
        self.findings += findings
        return records

    def _any_block(self, name: str) -> Any:
        """Return a block of either side, or None; no finding when it is missing."""
        blocks = self._blocks
        return self._value(blocks.main.get(name) or blocks.above.get(name))

    def episode(self, title_id: str) -> Iterator[Episode]:
        """Return an episode's place in its series."""
        series_block = self._value(self._blocks.above.get("series"))
        series = series_block.get("series") if isinstance(series_block, dict) else None
        if (
            isinstance(series_block, dict)
            and isinstance(series, dict)
            and isinstance(series.get("id"), str)
        ):
            episode_number = series_block.get("episodeNumber") or {}
            yield Episode(
                "imdb",
                title_id,
                series_id=series["id"],
                season_number=_of(episode_number, "seasonNumber"),
                episode_number=_of(episode_number, "episodeNumber"),
            )


def _of(block: Any, name: str, kind: type = int) -> Any:
    """Return a field of a block that may be missing; a value of another type is null."""
    if not isinstance(block, dict):
        return block if block is ABSENT else None
    return _sound(block.get(name), kind)


def _sound(value: Any, kind: type) -> Any:
    """Return a value of a kind that a table can hold, or null."""
    if type(value) is not kind or (isinstance(value, int) and abs(value) > _LARGEST):
        return None
    return value


def _milliseconds(runtime: Any) -> Any:
    seconds = _of(runtime, "seconds")
    return seconds * 1000 if isinstance(seconds, int) else seconds
