"""A mark (BOM) before text that people or their editors wrote is no part of it."""

from __future__ import annotations

import json
from codecs import BOM_UTF8

from phonofilm.sources.bulk.tsv import split_header
from phonofilm.sources.imdb.tables import TABLES
from tests.cli import run_cli


def test_the_header_of_a_dump(tmp_path) -> None:
    assert split_header(BOM_UTF8 + b"tconst\tname\r\nrest") == (["tconst", "name"], b"rest")
    header = "\t".join(TABLES["title.basics"].columns)
    row = "tt0000001\tmovie\tA\tA\t0\t1999\t\\N\t90\tDrama"
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "title.basics.tsv").write_bytes(BOM_UTF8 + f"{header}\n{row}\n".encode())
    folder = tmp_path / "d"
    assert run_cli("import", "imdb", "--files", tmp_path / "dumps", "--data", folder).exit_code == 0
    assert run_cli("load", "--data", folder).exit_code == 0
    titles = run_cli("sql", "SELECT id FROM titles", "--json", "--data", folder)
    assert json.loads(titles.stdout) == [{"id": "tt0000001"}]


def test_a_saved_response(tmp_path) -> None:
    body = {
        "kind": "track",
        "id": 7,
        "title": "Dawn",
        "duration": 1000,
        "user": {"id": 9, "kind": "user", "username": "Ada"},
    }
    (tmp_path / "saved.json").write_bytes(BOM_UTF8 + json.dumps(body).encode())
    landed = run_cli(
        "land",
        tmp_path / "saved.json",
        "--source",
        "soundcloud",
        "--data",
        tmp_path / "d",
        "--json",
    )
    assert landed.exit_code == 0
    assert run_cli("load", "--data", tmp_path / "d").exit_code == 0
    tracks = run_cli("sql", "SELECT name FROM tracks", "--json", "--data", tmp_path / "d")
    assert json.loads(tracks.stdout) == [{"name": "Dawn"}]
