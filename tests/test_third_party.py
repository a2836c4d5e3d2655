"""A source of another package: found by its entry point, and then a source like any other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from phonofilm.sources import GROUP

PACKAGE = Path(__file__).with_name("vinyl")
ARTISTS = [{"id": n, "name": f"Group {n}", "country": "AM" if n % 2 else None} for n in range(1, 6)]


class Catalogue(BaseHTTPRequestHandler):
    """Answers `/artists?offset=&limit=`."""

    def do_GET(self) -> None:
        query = {key: int(values[0]) for key, values in parse_qs(urlsplit(self.path).query).items()}
        first = query.get("offset", 0)
        page = {"artists": ARTISTS[first : first + query["limit"]], "total": len(ARTISTS)}
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def catalogue() -> Iterator[str]:
    """The address of the small catalogue."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Catalogue)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def install(
    folder: Path, value: str = "phonofilm_vinyl.source:SOURCE", name: str = "vinyl"
) -> None:
    """Lay the package out as an installer does: its files, and what a wheel says of it."""
    shutil.copytree(PACKAGE, folder / "phonofilm_vinyl")
    about = folder / "phonofilm_vinyl-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: phonofilm-vinyl\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {value}\n")


def python(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process whose path has the folder of the package."""
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": path, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        check=False,
    )


def run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of phonofilm."""
    return python(folder, "-m", "phonofilm", *words, **environ)


def test_a_source_of_another_package_is_listed_crawled_loaded_and_ranked(
    tmp_path: Path, catalogue: str
) -> None:
    install(tmp_path)
    listed = run(tmp_path, "sources", "vinyl", "--json")
    assert {row["field"] for row in json.loads(listed.stdout) if row["call"]} == {"name", "country"}

    (tmp_path / "phonofilm.toml").write_text('[vinyl]\ncontact = "me@example.org"\n')
    own = {"PHONOFILM_VINYL__BASE_URL": catalogue}
    crawled = run(tmp_path, "crawl", "vinyl", "--want", "artists=all", "--json", **own)
    assert json.loads(crawled.stdout)["records"]["artists"]["full"] == len(ARTISTS)
    assert run(tmp_path, "load").returncode == 0
    rows = run(
        tmp_path,
        "sql",
        "SELECT id, name, country, country_source FROM artist ORDER BY id",
        "--json",
    )
    assert [tuple(row.values()) for row in json.loads(rows.stdout)] == [
        (f"vinyl:{a['id']}", a["name"], a["country"], "vinyl" if a["country"] else None)
        for a in ARTISTS
    ]
    code = "from phonofilm.sources.priority import *; print(by_priority()[1], by_priority('country')[0])"
    assert python(tmp_path, "-c", code).stdout.split() == ["vinyl", "vinyl"]


@pytest.mark.parametrize(
    ("value", "name", "message"),
    [
        ("phonofilm_vinyl.nothing:SOURCE", "vinyl", "Cannot load the source 'vinyl'"),
        ("phonofilm_vinyl.source:SOURCE", "disc", "is not a source called 'disc'"),
        ("phonofilm_vinyl.source:Vinyl", "vinyl", "is not a source called 'vinyl'"),
    ],
)
def test_a_package_that_is_broken_is_named(
    tmp_path: Path, value: str, name: str, message: str
) -> None:
    install(tmp_path, value, name)
    result = run(tmp_path, "sources", name)
    assert result.returncode == 3
    assert message in result.stderr
    assert "pip uninstall phonofilm-vinyl" in result.stderr


def test_a_manifest_with_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    install(tmp_path)
    manifest = tmp_path / "phonofilm_vinyl" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("paging =", "pageing ="))
    result = run(tmp_path, "sources", "vinyl")
    assert result.returncode == 3
    assert "pageing" in result.stderr


def test_a_built_in_source_keeps_its_name(tmp_path: Path) -> None:
    install(tmp_path, name="deezer")
    result = run(tmp_path, "sources", "deezer", "--json")
    assert "tempo" in {row["field"] for row in json.loads(result.stdout)}
