"""What a person named and what became of it: all that was not found is listed, and stays listed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from phonofilm.crawl.scope.selection import Selection, select
from phonofilm.errors import UsageError
from phonofilm.records.kinds import BY_NAME, PLURALS, WANTED
from phonofilm.sources import get
from phonofilm.sources.contract import Link
from tests.cli import run_cli
from tests.test_link_forms import VALID

Answer = Callable[[str, dict[str, str]], Any]
NO_DATA = {"error": {"type": "DataException", "message": "no data", "code": 800}}


@contextmanager
def serving(source: str, access: str, answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """Serve `answer(path, query)` as a sandbox; yield its address and the requested paths."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path.startswith("/__sandbox__"):
                body: Any = {"source": source, "access": access, "world": "h", "now": 1.8e9}
            elif parts.path.endswith("/token"):
                body = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
            else:
                paths.append(self.path)
                body = answer(parts.path, query)
            status, body = body if isinstance(body, tuple) else (200, body)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", paths
        finally:
            server.shutdown()
            thread.join()


def artist(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "name": name, "nb_album": 0, "nb_fan": number}


def catalogue(*artists: dict[str, Any]) -> Answer:
    """A Deezer whose search answers with all artists, whatever is searched for."""

    def answer(path: str, query: dict[str, str]) -> Any:
        if path == "/search/artist":
            return {"data": list(artists), "total": len(artists)}
        if path.startswith("/artist/") and path.count("/") == 2:
            return next((a for a in artists if str(a["id"]) == path[8:]), NO_DATA)
        return {"data": [], "total": 0}

    return answer


def crawl(url: str, folder: Path, *options: object) -> tuple[int, dict[str, Any]]:
    result = run_cli(
        "crawl", "deezer", *options, "-W", "artists", "--at", url, "--data", folder, "--json"
    )
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Simon and Garfunkel", "Simon & Garfunkel"),
        ("Destinys Child", "Destiny's Child"),
        ("Bjorn Torske", "Bjørn Torske"),
        ("Mo", "MØ"),
        ("Lukasz", "Łukasz"),
        ("Beatles, The", "The Beatles"),
        ("Guns and Roses", "Guns N' Roses"),
        ("Florence and the Machine", "Florence + The Machine"),
        ("ACDC", "AC/DC"),
        ("tatu", "t.A.T.u."),
        ("Kesha", "Ke$ha"),
        ("Pink", "P!nk"),
    ],
)
def test_an_artist_is_found_under_every_spelling_that_match_has_for_equal(
    tmp_path, typed, name
) -> None:
    with serving("deezer", "open", catalogue(artist(7, name))) as (url, _):
        code, result = crawl(url, tmp_path, "--artist", typed)
    assert (code, result["not_found"]) == (0, [])
    assert result["records"]["artists"]["full"] == 1


def test_all_names_that_were_not_found_are_listed_and_stay_listed(tmp_path) -> None:
    names = [f"Nobody {number}" for number in range(12)]
    (tmp_path / "names.txt").write_text("\n".join(["Ada", *names]), encoding="utf-8")
    folder = tmp_path / "d"
    with serving("deezer", "open", catalogue(artist(7, "Ada"))) as (url, paths):
        for _ in range(2):
            code, result = crawl(url, folder, "--artists", tmp_path / "names.txt")
            assert [row["name"] for row in result["not_found"]] == names
            assert result["not_found"][0]["near"] == ["Ada"]
            assert (code, result["named"]) == (0, 13)
            listed = (folder / "not-found-deezer.txt").read_text(encoding="utf-8").splitlines()
            assert [line for line in listed if not line.startswith("# ")] == names
        assert len(paths) == len(set(paths))  # nothing is requested twice
        said = run_cli(
            "crawl",
            "deezer",
            "--artists",
            tmp_path / "names.txt",
            "-W",
            "artists",
            "--at",
            url,
            "--data",
            folder,
        )
        assert "12 of 13" in said.stderr and "not-found-deezer.txt" in said.stderr
        crawl(url, folder, "--artist", "Ada")
    assert not (folder / "not-found-deezer.txt").exists()


def test_the_list_of_what_was_not_found_is_a_file_of_names(tmp_path) -> None:
    with serving("deezer", "open", catalogue(artist(7, "Ada"))) as (url, _):
        crawl(url, tmp_path / "d", "--artist", "Bo", "--artist", "#1 Dads")
        listed = tmp_path / "d" / "not-found-deezer.txt"
        _, result = crawl(url, tmp_path / "e", "--artists", listed)
    assert [row["name"] for row in result["not_found"]] == ["Bo", "#1 Dads"]


def test_namesakes_are_told_and_the_one_that_is_spelled_so_is_taken(tmp_path) -> None:
    artists = artist(7, "P!nk"), artist(8, "Pink"), artist(9, "Pink")
    with serving("deezer", "open", catalogue(*artists)) as (url, _):
        for _ in range(2):
            _, result = crawl(url, tmp_path, "--artist", "Pink")
            assert result["namesakes"] == [{"name": "Pink", "taken": "8", "others": ["7", "9"]}]
            assert "namesakes" in [finding["kind"] for finding in result["findings"]]


@pytest.mark.parametrize(
    "link", ["https://www.deezer.com/artist/99", "https://www.deezer.com/album/99"]
)
def test_a_link_to_nothing_ends_like_a_name_of_nobody_and_is_told_again(
    tmp_path, link: str
) -> None:
    def answer(path: str, query: dict[str, str]) -> Any:
        return NO_DATA

    with serving("deezer", "open", answer) as (url, _):
        for _ in range(2):
            result = run_cli("crawl", "deezer", link, "--at", url, "--data", tmp_path, "--json")
            assert result.exit_code == 2
            assert [row["name"] for row in json.loads(result.stdout)["not_found"]] == [link]


def test_dead_ids_are_listed_and_the_others_are_collected(tmp_path) -> None:
    (tmp_path / "ids.txt").write_text("7\n98\n99\n")
    with serving("deezer", "open", catalogue(artist(7, "Ada"))) as (url, _):
        for _ in range(2):
            code, result = crawl(url, tmp_path / "d", "--ids", tmp_path / "ids.txt")
            assert (code, [row["name"] for row in result["not_found"]]) == (0, ["98", "99"])
            assert max(result["coverage"]["artists"]) < 0.34
            assert result["records"]["artists"]["full"] == 1


def test_ids_that_a_batch_leaves_out_are_listed(tmp_path) -> None:
    ids = [f"{number:022}" for number in range(12)]
    (tmp_path / "ids.txt").write_text("\n".join(f"spotify:artist:{id_}" for id_ in ids))

    def answer(path: str, query: dict[str, str]) -> Any:
        return {
            "artists": [
                {
                    "id": i,
                    "name": "A",
                    "type": "artist",
                    "genres": [],
                    "popularity": 1,
                    "followers": {"total": 1},
                    "images": [],
                    "external_urls": {},
                }
                if int(i) % 3
                else None
                for i in query["ids"].split(",")
            ]
        }

    with serving("spotify", "extended-legacy", answer) as (url, _):
        for _ in range(2):
            result = run_cli(
                "crawl",
                "spotify",
                "--ids",
                tmp_path / "ids.txt",
                "-W",
                "artists",
                "--at",
                url,
                "--data",
                tmp_path / "d",
                "--json",
            )
            listed = [row["name"] for row in json.loads(result.stdout)["not_found"]]
            assert listed == [f"spotify:artist:{id_}" for id_ in ids[::3]]


EXAMPLES = {name: (text, link) for name, text, link in reversed(VALID)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_dead_link_of_every_source_ends_with_exit_2_and_is_listed(tmp_path, name: str) -> None:
    text, _ = EXAMPLES[name]
    access = get(name).manifest.default_access
    with serving(name, access, lambda path, query: (404, {"error": "not here"})) as (url, paths):
        for _ in range(2):
            result = run_cli("crawl", name, text, "--at", url, "--data", tmp_path, "--json")
            document = json.loads(result.stdout)
            assert result.exit_code == 2, document
            if document["status"] == "failed":  # the source gives nothing of what a link implies
                assert paths == []
            else:
                assert [row["name"] for row in document["not_found"]] == [text]


@pytest.mark.parametrize("name", EXAMPLES)
def test_ids_of_every_kind_are_listed_when_nothing_is_there_whatever_is_wanted(
    tmp_path, name: str
) -> None:
    manifest, id_ = get(name).manifest, EXAMPLES[name][1].id
    texts = {link: text for kind in BY_NAME for link, text in understood(name, f"{kind}:{id_}")}
    (tmp_path / "ids.txt").write_text("\n".join(texts.values()))
    with serving(name, manifest.default_access, lambda path, query: (404, {})) as (url, _):
        for want in WANTED:
            options = ("--ids", tmp_path / "ids.txt", "--want", PLURALS[want])
            result = run_cli(
                "crawl", name, *options, "--at", url, "--data", tmp_path / want, "--json"
            )
            assert result.exit_code == 2, (want, result.stdout)
            if result.document["status"] != "failed":  # the source has none of what is wanted
                listed = [row["name"] for row in result.document["not_found"]]
                assert sorted(listed) == sorted(texts.values()), want


def understood(name: str, text: str) -> list[tuple[Link, str]]:
    """Return the link that a text is at a source, with the text; nothing for other texts."""
    try:
        _, scope = select(name, Selection([], "", [], "", [text]), {})
    except UsageError:
        return []
    return [(link, text) for link in scope.seeds(get(name), "")]


@pytest.mark.parametrize(("kind", "name"), [("artist", "artist"), ("track", "recording")])
def test_a_count_of_nothing_is_no_record_of_an_id_that_was_named(tmp_path, kind, name) -> None:
    """ListenBrainz answers every MBID with the MBID itself, and with null where it has nothing."""
    ids = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(3)]
    counts = {"total_listen_count": None, "total_user_count": None}
    (tmp_path / "ids.txt").write_text("".join(f"{kind}:{id_}\n" for id_ in ids))

    def answer(path: str, query: dict[str, str]) -> Any:
        rows = [{f"{name}_mbid": id_, **counts} for id_ in ids] if "popularity" in path else []
        return [rows[0] | {"total_listen_count": 5}, *rows[1:]] if rows else []

    with serving("listenbrainz", "open", answer) as (url, _):
        options = ("--ids", tmp_path / "ids.txt", "--at", url, "--data", tmp_path / "d")
        result = run_cli("crawl", "listenbrainz", *options, "--json")
    listed = [row["name"] for row in result.document["not_found"]]
    assert (result.exit_code, listed) == (0, [f"{kind}:{id_}" for id_ in ids[1:]])
    assert result.document["coverage"][f"{kind}s"][0] < 0.4
