"""Queries of people read and do nothing else, whatever they say."""

from __future__ import annotations

import pytest

from phonofilm import api
from phonofilm.errors import UsageError
from tests.cli import run_cli
from tests.test_named import artist, catalogue, crawl, serving

READING = (
    "SELECT name FROM artists",
    "FROM artists SELECT name",
    "-- a remark\nWITH a AS (FROM artists) SELECT name FROM a",
    "VALUES ('Ada')",
    "DESCRIBE artists",
    "SUMMARIZE artists",
    "SHOW TABLES",
    "PIVOT artists ON source USING count(*)",
    "EXPLAIN SELECT name FROM artists",
    "EXPLAIN ANALYZE SELECT name FROM artists",
)
WRITING = (
    "COPY artists TO 'written.csv'",
    "  /* x */ -- y\n copy (SELECT 1) TO 'written.csv'",
    "SELECT 1; COPY artists TO 'written.csv'",
    "COPY artists TO 'written.csv'; SELECT 1",
    "EXPLAIN ANALYZE COPY artists TO 'written.csv'",
    "explain (analyze) copy artists to 'written.csv'",
    "EXPLAIN EXPLAIN ANALYZE COPY artists TO 'written.csv'",
    "EXPORT DATABASE 'written.csv'",
    "ATTACH 'written.csv' AS other",
    "PREPARE p AS COPY artists TO 'written.csv'; EXECUTE p",
    "CREATE TABLE more AS FROM artists",
    "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "INSERT INTO artists SELECT * FROM artists",
    "DELETE FROM artists",
    "SET home_directory = 'x'",
    "INSTALL httpfs",
    "CALL pragma_version()",
)


@pytest.fixture
def filled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with serving("deezer", "open", catalogue(artist(7, "Ada"))) as (url, _):
        crawl(url, tmp_path / "data", "--artist", "Ada")
    assert run_cli("load").exit_code == 0
    return tmp_path


def test_a_query_that_reads_is_run_and_no_other(filled) -> None:
    crate = api.open(filled / "data")
    for query in READING:
        assert crate.sql(query).rows(), query
    before = sorted(filled.rglob("*"))
    for query in WRITING:
        with pytest.raises(UsageError) as refused:
            crate.sql(query).rows()
        assert refused.value.next_step, query
    result = run_cli("sql", WRITING[0])
    assert (result.exit_code, "a query reads" in result.stderr) == (2, True)
    result = run_cli("crawl", "deezer", "--artists-from", WRITING[0], "--at", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert sorted(filled.rglob("*")) == before
