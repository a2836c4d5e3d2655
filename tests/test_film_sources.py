"""Open film sources: Wikidata's graph and TMDB's API, joined with IMDb's titles."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request

import pytest
from pydantic import SecretStr

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.errors import ConfigurationError, CredentialsError, TermsError
from phonofilm.net.auth.credentials import StaticToken
from phonofilm.net.origin.live import live_origin
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sources import get
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.wikidata.query import of_class, of_imdb_ids, of_items
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from tests.conftest import collect


def test_all_anime_of_wikidata_in_polite_pages(folder, stand_in) -> None:
    url, served = stand_in("wikidata", titles=4000)
    result = collect(folder, "wikidata", url, "titles")
    assert result.records["titles"]["full"] == served.service.visible()["titles"]
    load(folder)
    with open_snapshot(folder) as connection:
        rows = connection.execute(
            "SELECT id, name, imdb_id, release_date, release_date_precision, countries FROM titles"
        ).fetchall()
        composers = connection.execute("SELECT count(*) FROM credits WHERE role = 'composer'")
        assert composers.fetchone()[0] > 0
    for id_, name, imdb_id, date, precision, countries in rows:
        index = int(id_[1:]) - 900_000_000
        title, told = served.world.title(index), served.world.release_date(index)
        assert name == title.name
        assert imdb_id in (None, served.world.tconst(index))
        assert countries == ["JP"]
        known = [part for part in told or () if part]
        assert precision == ({1: "year", 2: "month", 3: "day"}[len(known)] if known else None)
        assert date == ("-".join(f"{p:02d}" for p in known) if known else None)


def test_our_query_means_the_same_to_a_real_engine(stand_in) -> None:
    """rdflib runs the very query over the stand-in's graph; the answers are equal row by row."""
    import rdflib

    url, served = stand_in("wikidata", titles=4000)
    with urllib.request.urlopen(f"{url}/__sandbox__/graph") as answer:
        graph = rdflib.Graph().parse(data=answer.read().decode(), format="nt")
    prefixes = {
        "wd": "http://www.wikidata.org/entity/",
        "wdt": "http://www.wikidata.org/prop/direct/",
        "p": "http://www.wikidata.org/prop/",
        "wikibase": "http://wikiba.se/ontology#",
        "psv": "http://www.wikidata.org/prop/statement/value/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    }
    items = served.service.ids("titles")
    imdb_ids = [served.world.tconst(int(i[1:]) - 900_000_000) for i in items]
    source = get("wikidata")
    for request, query in (
        (Request("class_titles", ("Q20650540",), 2), of_class("Q20650540", 3, 2)),
        (Request("title", tuple(items[:4])), of_items(items[:4])),
        (Request("imdb_titles", tuple(imdb_ids[:6])), of_imdb_ids(imdb_ids[:6])),
    ):
        rows = graph.query(query, initNs=prefixes)
        real = source.parse(request, Response(200, {}, rows.serialize(format="json"), ""))
        asked = urllib.parse.urlencode({"query": query})
        held = urllib.request.Request(f"{url}/sparql?{asked}", headers={"User-Agent": "test"})
        with urllib.request.urlopen(held) as answer:
            ours = source.parse(request, Response(200, {}, answer.read(), ""))
        key = lambda r: (r.kind, r.id)  # noqa: E731
        assert sorted(real.records, key=key) == sorted(ours.records, key=key)
        assert real.records


def test_nothing_but_ids_gets_into_a_query() -> None:
    for bad in ("Q1 } DROP", "q1", "", "Q0", 'tt1" }'):
        with pytest.raises(ValueError, match="is no id"):
            of_items([bad])
        with pytest.raises(ValueError, match="is no id"):
            of_imdb_ids([bad])


def test_a_query_out_of_time_is_asked_again(folder, stand_in) -> None:
    url, served = stand_in("wikidata", titles=2500, faults=[Rule("http_500", times=2)])
    result = collect(folder, "wikidata", url, "titles")
    assert result.records["titles"]["full"] == served.service.visible()["titles"]


def test_tmdb_gives_what_the_dumps_lack(folder, stand_in) -> None:
    url, served = stand_in("tmdb", titles=4000)
    collect(folder, "tmdb", url, "titles")
    load(folder)
    with open_snapshot(folder) as connection:
        rows = connection.execute(
            "SELECT id, imdb_id, plot, certificate, keywords, poster_url, expires_at - last_seen"
            " FROM titles WHERE completeness = 'full'"
        ).fetchall()
    assert len(rows) == served.service.visible()["titles"]
    for id_, imdb_id, plot, certificate, keywords, poster, keeping in rows:
        index = served.true_ids("titles")[id_]
        assert imdb_id == served.world.tconst(index)
        assert plot == served.world.plot(index)
        assert certificate == served.world.certificate(index)
        assert keywords == list(served.world.keywords(index))
        assert bool(poster) == bool(served.world.poster(index))
        assert keeping.days == 180


def test_titles_by_imdbs_ids(folder, stand_in) -> None:
    for source in ("tmdb", "wikidata"):
        url, served = stand_in(source, titles=3000)
        ids = [served.world.tconst(i) for i in served.world.anime()]
        wants, scope = select(source, Selection([], "", [], "", ids), {})
        assert wants == {"title": None}
        collect(folder, source, url, "titles", scope=scope)
    load(folder)
    with open_snapshot(folder) as connection:
        [(both,)] = connection.execute(
            "SELECT count(*) FROM films WHERE sources = 'tmdb wikidata'"
        ).fetchall()
        [(plots,)] = connection.execute("SELECT count(plot) FROM films").fetchall()
    assert both > 0
    assert plots > 0


def test_a_wrong_key_is_said(folder, stand_in) -> None:
    url, _ = stand_in("tmdb", titles=500)
    section = SourceSettings(
        accept_terms=True, basis="mine", base_url=url, token=SecretStr("wrong")
    )
    with pytest.raises(CredentialsError, match="refuses the key"):
        collect(folder, "tmdb", None, "titles", settings=Settings(tmdb=section))


def test_each_asks_for_what_its_service_asks(folder) -> None:
    with pytest.raises(ConfigurationError, match="requires a contact"):
        live_origin(get("wikidata"), Settings())
    with pytest.raises(TermsError):
        live_origin(get("tmdb"), Settings())
    own = SourceSettings(accept_terms=True, basis="mine")
    with pytest.raises(ConfigurationError, match="key, which is free"):
        live_origin(get("tmdb"), Settings(tmdb=own))
    told = live_origin(
        get("tmdb"), Settings(tmdb=own.model_copy(update={"token": SecretStr("k3y")}))
    )
    assert told.credentials == StaticToken(authorization="Bearer k3y")


def test_titles_are_found_at_tmdb_and_in_the_warehouse(folder, stand_in, tmp_path) -> None:
    from phonofilm.crawl.lookup import find
    from phonofilm.errors import UsageError
    from phonofilm.runtime.event_loop import run

    url, served = stand_in("tmdb", titles=3000)
    wanted = served.world.title(served.world.anime()[0])
    found = run(find(folder, Settings(), "tmdb", url, "title", wanted.name))
    assert wanted.name in {title.name for title in found}
    assert {title.kind for title in found} == {"title"}
    wikidata, _ = stand_in("wikidata", titles=500)
    with pytest.raises(UsageError, match="cannot be searched"):
        run(find(folder, Settings(), "wikidata", wikidata, "title", "x"))


def test_pictures_of_title_pages_are_at_the_stand_in(stand_in) -> None:
    url, served = stand_in("imdb", access="pages", titles=30)
    pictures = set()
    for id_ in served.service.ids("titles"):
        page = urllib.request.urlopen(f"{url}/title/{id_}").read().decode()
        pictures.update(re.findall(rf"{url}/images/[^\"]+\.jpg", page))
    assert len(pictures) == sum(served.world.poster(index) is not None for index in range(30))
    for address in pictures:
        assert urllib.request.urlopen(address).read().startswith(b"\xff\xd8")
