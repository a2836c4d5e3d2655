"""Title pages: every block where it belongs, nothing missing taken for data, nobody's bot."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.saved import land
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.errors import BotWallError, TermsError, UsageError
from phonofilm.net.origin.live import live_origin
from phonofilm.records import ABSENT, Credit, Rating, Title
from phonofilm.sandbox.services.imdb.pages import page
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed, Page, Request, Response
from phonofilm.sources.imdb.pages import ALIASES, PLACES, parse_title_page
from phonofilm.sources.imdb.shapes import nodes_of
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from tests.conftest import collect


def parsed(body: bytes) -> Page:
    return parse_title_page(Request("title_page"), Response(200, {}, body))


def title_of(told: Page) -> Title:
    return next(r for r in told.records if isinstance(r, Title))


def names(told: Page, role: str) -> list[str]:
    people = {r.id: r.name for r in told.records if r.kind == "person"}
    return [people[c.person_id] for c in told.records if isinstance(c, Credit) and c.role == role]


class TestRecordedPages:
    @pytest.fixture
    def fixtures(self, shared: Path) -> Path:
        return shared / "fixtures/imdb"

    def test_all_fields_of_the_job(self, fixtures: Path) -> None:
        told = parsed((fixtures / "title_tt0119698_princess_mononoke_2022-10.html").read_bytes())
        title = title_of(told)
        assert (title.name, title.original_name) == ("Princess Mononoke", "Mononoke-hime")
        assert (title.title_type, title.start_year) == ("movie", 1997)
        assert (title.release_date, title.release_country) == ("1997-12-19", "US")
        assert (title.runtime_ms, title.certificate) == (134 * 60_000, "PG-13")
        assert title.certificate_country == "US"
        assert "Tatarigami's curse" in title.plot
        assert title.poster_url.startswith("https://m.media-amazon.com/")
        assert "anime" in title.keywords
        rating = next(r for r in told.records if isinstance(r, Rating))
        assert (rating.rating, rating.votes) == (8.4, 392448)
        genres = [r.genre for r in told.records if r.kind == "title_genre"]
        assert genres == ["Animation", "Action", "Adventure", "Fantasy"]
        assert names(told, "director") == ["Hayao Miyazaki"]
        assert names(told, "writer") == ["Hayao Miyazaki", "Neil Gaiman"]
        assert names(told, "cast")[:3] == ["Yôji Matsuda", "Yuriko Ishida", "Yûko Tanaka"]
        assert not told.findings

    def test_the_groups_of_2025(self, fixtures: Path) -> None:
        told = parsed((fixtures / "nextdata_title_tt1520211_reference_2025-10.json").read_bytes())
        assert names(told, "writer") == ["Frank Darabont"]
        assert names(told, "cast") == ["Andrew Lincoln", "Norman Reedus", "Melissa McBride"]
        title = title_of(told)
        assert (title.is_series, title.start_year, title.end_year) == (True, 2010, 2022)
        assert (title.certificate, title.certificate_country) == ("VM14", "IT")
        assert not told.findings

    def test_the_reference_pages_of_august_2025(self, fixtures: Path) -> None:
        told = parsed((fixtures / "nextdata_title_tt0111161_reference_2025-08.json").read_bytes())
        assert names(told, "director") == ["Frank Darabont"]
        assert names(told, "writer") == ["Stephen King", "Frank Darabont"]
        assert names(told, "cast") == ["Tim Robbins", "Morgan Freeman", "Bob Gunton"]
        jobs = [c.job for c in told.records if isinstance(c, Credit) and c.role == "writer"]
        assert jobs[1] == "screenplay by"
        assert not told.findings

    def test_credits_that_are_counted_and_not_named(self, fixtures: Path) -> None:
        told = parsed((fixtures / "title_tt3303790_no_year_2022-10.html").read_bytes())
        assert [f.kind for f in told.findings] == ["missing_credits"] * 3
        title = title_of(told)
        assert (title.start_year, title.release_date, title.certificate) == (None, None, None)

    def test_every_recorded_body_is_a_title_or_is_told(self, shared: Path) -> None:
        for path in sorted((shared / "fixtures/imdb").glob("*")):
            if path.suffix not in (".html", ".json"):
                continue
            try:
                told = parsed(path.read_bytes())
            except Malformed:
                assert not path.name.startswith("title_"), path.name
                continue
            assert title_of(told).name
        for path in (shared / "fixtures/imdb_recorded").glob("*.gz"):
            body = gzip.decompress(path.read_bytes())
            if "series" in path.name:
                assert names(parsed(body), "cast")
            elif "episodes" not in path.name:
                with pytest.raises(Malformed):
                    parsed(body)

    def test_json_ld_alone(self, fixtures: Path) -> None:
        body = (fixtures / "title_tt0119698_princess_mononoke_2022-10.html").read_bytes()
        bare = re.sub(rb'<script id="__NEXT_DATA__".*?</script>', b"", body, flags=re.DOTALL)
        told = parsed(bare)
        whole = title_of(parsed(body))
        title = title_of(told)
        for name in (
            "name",
            "original_name",
            "title_type",
            "runtime_ms",
            "release_date",
            "plot",
            "certificate",
            "poster_url",
            "keywords",
        ):
            assert getattr(title, name) == getattr(whole, name), name
        assert names(told, "director") == ["Hayao Miyazaki"]
        assert [f.detail for f in told.findings] == ["__NEXT_DATA__"]


WORLD = FilmWorld(400)


def test_a_localised_title_keeps_its_original_one() -> None:
    here, there = (title_of(parsed(page(WORLD, 2, country=c))) for c in ("US", "IT"))
    assert there.name != here.name
    assert there.original_name == here.original_name


@given(
    st.integers(0, 399),
    st.booleans(),
    st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=4, unique=True),
    st.booleans(),
)
def test_every_block_that_is_taken_away_is_a_finding(
    index: int, reference: bool, taken: list[str], everywhere: bool
) -> None:
    body = page(WORLD, index, reference)
    match = re.search(rb'(<script id="__NEXT_DATA__"[^>]*>)(.*?)(</script>)', body, re.DOTALL)
    data = json.loads(match[2])
    props = data["props"]["pageProps"]
    kind = "reference" if reference else "title"
    for name in taken:
        sides = ("aboveTheFoldData", "mainColumnData") if everywhere else PLACES[name][kind]
        for side in sides:
            for alias in ALIASES.get(name, (name,)):
                props[side].pop(alias, None)
    cut = body[: match.start(2)] + json.dumps(data).encode() + body[match.end(2) :]
    told = parsed(cut)
    found = {
        f.detail.split(" to ")[0]
        for f in told.findings
        if f.kind in ("missing_block", "moved_block")
    }
    assert set(taken) <= found
    bare = cut[: match.start(2)].replace(b"ld+json", b"none") + cut[match.start(2) :]
    if "plot" in taken and everywhere:
        assert title_of(parsed(bare)).plot is ABSENT


@given(st.binary(max_size=400))
def test_any_page_is_a_title_or_malformed(body: bytes) -> None:
    for wrapped in (body, b"<script id='__NEXT_DATA__'>" + body + b"</script>", b"{" + body):
        with contextlib.suppress(Malformed):
            parsed(wrapped)


@given(st.integers(0, 399), st.binary(min_size=1, max_size=3), st.integers(0, 3000))
def test_a_page_with_a_broken_byte_never_breaks_the_parser(index, rubbish, at) -> None:
    body = page(WORLD, index)
    place = min(at, len(body))
    with contextlib.suppress(Malformed):
        parsed(body[:place] + rubbish + body[place + len(rubbish) :])


def test_pages_and_dumps_tell_of_one_credit(folder, tmp_path: Path) -> None:
    """A director of a page and of the dump is one row; the page's plot stays beside the dump."""
    from phonofilm.imports.dumps import ImportOptions, import_dumps
    from phonofilm.runtime.event_loop import run
    from phonofilm.sandbox.services.imdb.dumps import write

    write(WORLD, tmp_path / "dumps")
    run(import_dumps(folder, Settings(), ImportOptions("imdb", str(tmp_path / "dumps"))))
    first = load(folder)
    saved = tmp_path / "saved"
    saved.mkdir()
    for index in range(40):
        (saved / f"{index}.html").write_bytes(page(WORLD, index))
    assert land(folder, "imdb", [saved]).landed == 40
    second = load(folder)
    assert second.inserted["titles"] == second.inserted["credits"] == 0
    assert second.updated["titles"] > 0
    with open_snapshot(folder) as connection:
        plots = connection.execute("SELECT count(plot) FROM titles").fetchone()[0]
    assert plots == sum(WORLD.plot(index) is not None for index in range(40))
    assert first.inserted["titles"] == 400


ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(
    st.integers(0, 399),
    st.lists(st.tuples(st.integers(0, 400), ODD_VALUES), min_size=1, max_size=6),
)
def test_odd_values_anywhere_in_a_page_still_fit_the_tables(index: int, odd: list) -> None:
    """Values of other kinds cost themselves; whatever is read can be loaded."""
    from phonofilm.warehouse.load.staging import fits

    body = page(WORLD, index)
    match = re.search(rb'(<script id="__NEXT_DATA__"[^>]*>)(.*?)(</script>)', body, re.DOTALL)
    data = json.loads(match[2])
    for place, value in odd:
        leaves = list(_leaves(data["props"]["pageProps"]))
        holder, key = leaves[place % len(leaves)]
        holder[key] = value
    told = body[: match.start(2)] + json.dumps(data).encode() + body[match.end(2) :]
    with contextlib.suppress(Malformed):
        assert all(fits(record) for record in parsed(told).records)


@pytest.mark.parametrize("connection", [None, 7, "edges", [], {"edges": 7}, {"edges": [7, {}]}])
def test_a_connection_of_another_shape_has_no_nodes(connection: object) -> None:
    assert list(nodes_of(connection)) == []


def _leaves(node):
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield node, key
        if isinstance(value, dict | list):
            yield from _leaves(value)


class TestLanding:
    def test_an_odd_record_costs_itself_and_no_load(self, folder, tmp_path, monkeypatch) -> None:
        from phonofilm.sources.imdb.source import Imdb

        for index in range(3):
            (tmp_path / f"{index}.html").write_bytes(page(WORLD, index))
        land(folder, "imdb", sorted(tmp_path.glob("*.html")))
        real = Imdb.parse

        def odd(self, request, response):
            told = real(self, request, response)
            if request.ids[0] == WORLD.tconst(1):
                title_of(told).start_year = 10**30
            return told

        monkeypatch.setattr(Imdb, "parse", odd)
        result = load(folder)
        assert result.inserted["titles"] == 2
        assert result.quarantined == 1

    def test_landing_twice_lands_once(self, folder, tmp_path: Path) -> None:
        (tmp_path / "a.html").write_bytes(page(WORLD, 1))
        (tmp_path / "b.html.gz").write_bytes(gzip.compress(page(WORLD, 2)))
        assert land(folder, "imdb", [tmp_path]).landed == 2
        again = land(folder, "imdb", [tmp_path])
        assert (again.landed, again.already) == (0, 2)
        assert load(folder).inserted["titles"] == 2

    def test_what_is_no_title_page_is_told(self, folder, tmp_path: Path) -> None:
        saved = tmp_path / "saved"
        saved.mkdir()
        (saved / "other.html").write_text("<html><body>Another site</body></html>")
        (saved / "empty.html").write_text("")
        (saved / "wall.html").write_text("<title>Just a moment...</title>")
        (saved / "huge.html").write_bytes(b" " * (40 << 20))
        told = land(folder, "imdb", [saved])
        assert told.landed == 0
        assert told.passed_over == {"another_page": 2, "too_large": 1, "bot_wall": 1}
        assert {f["kind"] for f in told.findings} == set(told.passed_over)

    # The library that writes WARC files leaves temporary ones open.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_a_warc_with_the_walls_of_2026(self, folder, tmp_path: Path) -> None:
        from io import BytesIO

        from warcio.statusandheaders import StatusAndHeaders
        from warcio.warcwriter import WARCWriter

        path = tmp_path / "saved.warc.gz"
        with path.open("wb") as file:
            writer = WARCWriter(file, gzip=True)
            for status, body, headers in (
                ("200 OK", page(WORLD, 5), []),
                ("202 Accepted", b"", [("x-amzn-waf-action", "challenge")]),
                ("202 Accepted", b"", []),
                ("404 Not Found", b"<html>", []),
            ):
                held = StatusAndHeaders(
                    status, [("Content-Type", "text/html"), *headers], "HTTP/1.1"
                )
                writer.write_record(
                    writer.create_warc_record(
                        "https://www.imdb.com/title/tt1000036/",
                        "response",
                        payload=BytesIO(body),
                        http_headers=held,
                        warc_headers_dict={"WARC-Date": "2024-05-01T00:00:00Z"},
                    )
                )
        told = land(folder, "imdb", [path])
        assert told.landed == 1
        assert told.passed_over == {"bot_wall": 2, "missing": 1}
        load(folder)
        with open_snapshot(folder) as connection:
            [(when,)] = connection.execute("SELECT first_seen FROM titles").fetchall()
        assert f"{when:%Y-%m-%d}" == "2024-05-01"

    def test_paths_and_sources_that_are_not_there(self, folder, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="There is no"):
            land(folder, "imdb", [tmp_path / "nothing"])
        with pytest.raises(UsageError, match="not read"):
            land(folder, "deezer", [tmp_path])


class TestLivePages:
    def test_without_consent_nothing_is_asked(self) -> None:
        own = SourceSettings(accept_terms=True, basis="mine", access="pages")
        with pytest.raises(TermsError, match="forbid"):
            live_origin(get("imdb"), Settings(imdb=own))
        allowed = own.model_copy(update={"consent": "IMDb, letter of 2026-05-02"})
        assert live_origin(get("imdb"), Settings(imdb=allowed)).access == "pages"

    def test_the_wall_ends_a_crawl(self, folder, stand_in) -> None:
        from phonofilm.sandbox.kernel.faults.rules import Rule

        url, served = stand_in(
            "imdb", titles=100, access="pages", faults=[Rule("wall_aws", on="title_page", after=3)]
        )
        ids = [served.world.tconst(index) for index in range(10)]
        _, scope = select("imdb", Selection([], "", [], "", ids), {})
        with pytest.raises(BotWallError):
            collect(folder, "imdb", url, "titles", scope=scope, workers=1)
        assert load(folder).inserted["titles"] == 3

    def test_pages_of_a_stand_in_are_crawled_behind_its_robots_txt(self, folder, stand_in) -> None:
        url, served = stand_in("imdb", titles=100, access="pages")
        ids = [served.world.tconst(index) for index in range(10)]
        _, scope = select("imdb", Selection([], "", [], "", ids), {})
        result = collect(folder, "imdb", url, "titles", scope=scope)
        assert result.records["titles"]["full"] == 10
        assert served.calls["robots"][200] == 1

    def test_what_robots_txt_forbids_is_not_asked(self, folder, stand_in, monkeypatch) -> None:
        from phonofilm.sandbox.services.imdb import service

        monkeypatch.setattr(service, "_ROBOTS", b"User-agent: *\nDisallow: /title/\n")
        url, served = stand_in("imdb", titles=100, access="pages")
        _, scope = select("imdb", Selection([], "", [], "", [served.world.tconst(1)]), {})
        with pytest.raises(UsageError, match=r"robots\.txt"):
            collect(folder, "imdb", url, "titles", scope=scope)
        assert "title_page" not in served.calls
