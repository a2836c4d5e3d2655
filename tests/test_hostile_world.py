"""Bodies, files and queries that were made to harm: time, memory and files stay what they were."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import lzma
import tarfile
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from phonofilm.crawl.saved import land
from phonofilm.errors import PhonofilmError, ShapeError, UsageError
from phonofilm.imports.clips import _clips
from phonofilm.landing.archive_stream import ArchiveStream
from phonofilm.net.base import NoResponse
from phonofilm.net.transport import Transport, TransportOptions
from phonofilm.show.rows import Rows
from phonofilm.sources import get
from phonofilm.sources.bulk.contract import DumpTable
from phonofilm.sources.bulk.tsv import ROW_BYTES_MAX, BadRow, blocks, rows
from phonofilm.sources.contract import Malformed, Page, Response
from phonofilm.warehouse.load.load import load
from phonofilm.workspace import Workspace
from tests.genuine import JSON_ENDPOINTS, cut, genuine

MIB = 1024 * 1024
Leaf = Callable[[Any], Any]


def _nested(value: Any) -> Any:
    for _ in range(100):
        value = [value]
    return value


# What stands in place of every leaf of a genuine body, as JSON.
LEAVES: dict[str, Leaf] = {
    "escape": lambda value: "\x1b[2J\x1b]8;;http://evil.example\x1b\\" + str(value),
    "nul": lambda value: f"{value}\0",
    "sql": lambda value: f"{value}'; DROP TABLE store.artist; --",
    "path": lambda _: "../../../../etc/passwd",
    "absolute": lambda _: "/etc/passwd",
    "bidi": lambda value: f"\u202e{value}",
    "huge": lambda value: 10**400 if isinstance(value, int) else value,
    "negative": lambda value: -1 if isinstance(value, int) else value,
    "nested": _nested,
    "empty": lambda _: "",
    "list": lambda _: [],
    "object": lambda _: {},
}


def changed(value: Any, leaf: Leaf) -> Any:
    """A body with another value in place of each leaf."""
    if isinstance(value, dict):
        return {name: changed(inner, leaf) for name, inner in value.items()}
    if isinstance(value, list):
        return [changed(inner, leaf) for inner in value]
    return leaf(value)


def doubled(value: Any) -> str:
    """A body in which every key stands twice, first with null."""
    if isinstance(value, dict):
        keys = {json.dumps(name): doubled(inner) for name, inner in value.items()}
        return "{" + ",".join(f"{key}:null,{key}:{inner}" for key, inner in keys.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(doubled, value)) + "]"
    return json.dumps(value)


def parsed(source: str, endpoint: str, body: bytes) -> Page | None:
    """The page, or None for a body that is refused with a reason."""
    request = genuine(source, endpoint).request
    try:
        return get(source).parse(request, Response(200, {}, body))
    except Malformed as error:
        assert str(error)
        return None


@pytest.mark.parametrize(("source", "endpoint"), JSON_ENDPOINTS)
def test_a_body_of_hostile_values_gives_records_that_can_be_stored(
    source: str, endpoint: str
) -> None:
    body = cut(genuine(source, endpoint).body)
    texts = {name: json.dumps(changed(body, leaf)) for name, leaf in LEAVES.items()}
    for text in (*texts.values(), doubled(body)):
        page = parsed(source, endpoint, text.encode())
        for record in page.records if page else ():
            assert msgspec.json.encode(record)
            assert "\0" not in str(getattr(record, "id", ""))


@pytest.mark.parametrize(("source", "endpoint"), JSON_ENDPOINTS)
def test_a_megabyte_in_one_value_costs_no_minute(source: str, endpoint: str) -> None:
    seen: list[Any] = []

    def one_long(value: Any) -> Any:
        seen.append(value)
        return "x" * MIB if isinstance(value, str) and len(seen) % 40 == 1 else value

    text = json.dumps(changed(cut(genuine(source, endpoint).body), one_long))
    began = time.process_time()
    parsed(source, endpoint, text.encode())
    assert time.process_time() - began < 10


# --- Over HTTP


def fetched(respond: Any, hostile: Any, seconds: float = 20.0) -> Response | NoResponse:
    """What a sender makes of a response, and how it ends."""

    async def get_it(url: str) -> Response | NoResponse:
        async with Transport(url, TransportOptions(timeout_seconds=seconds)) as transport:
            return await transport.get("/x", {}, {"Authorization": "Bearer secret-secret"})

    return asyncio.run(get_it(hostile(respond).url))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_packed_bomb_is_not_unpacked(encoding: str, hostile, monkeypatch) -> None:
    monkeypatch.setattr("phonofilm.net.transport.BODY_BYTES_MAX", 4 * MIB)
    compress = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding]
    body = compress(bytes(400 * MIB), 9)

    async def respond(_: object, __: web.BaseRequest) -> web.StreamResponse:
        headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
        return web.Response(body=body, headers=headers)

    tracemalloc.start()
    result = fetched(respond, hostile)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(result, NoResponse)
    assert result.kind == "too_large"
    assert peak < 64 * MIB


def test_a_body_of_a_byte_at_a_time_ends_with_the_time_limit(hostile) -> None:
    async def respond(_: object, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:  # until the client goes away
            await response.write(b" ")
            await asyncio.sleep(0.05)

    result = fetched(respond, hostile, seconds=0.5)
    assert isinstance(result, NoResponse)
    assert result.kind == "timeout"


@pytest.mark.parametrize(
    "location",
    [
        "http://evil.example/x",
        "https://127.0.0.1/x",
        "//evil.example/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ftp://evil.example/",
        "http://[::1",
        "",
    ],
)
def test_a_token_follows_no_redirect_to_another_place(location: str, hostile) -> None:
    async def respond(_: object, __: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": location})

    result = fetched(respond, hostile)
    assert isinstance(result, NoResponse)
    assert result.kind == "redirected"


def test_cookies_are_not_sent_back(hostile) -> None:
    cookies: list[str | None] = []

    async def respond(_: object, request: web.BaseRequest) -> web.StreamResponse:
        cookies.append(request.headers.get("Cookie"))
        headers = {"Set-Cookie": "track=1; Path=/"}
        if len(cookies) < 3:
            headers["Location"] = "/x"
            return web.Response(status=302, headers=headers)
        return web.Response(text="{}", headers=headers)

    fetched(respond, hostile)
    assert cookies == [None, None, None]


# --- Files


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gzip of a row, a line of 300 MiB of zeros, and a row."""
    path = tmp_path_factory.mktemp("bomb") / "x.tsv.gz"
    with gzip.open(path, "wb", 9) as file:
        file.write(b"a\tb\n")
        for _ in range(300):
            file.write(bytes(MIB))
        file.write(b"\nc\td\n")
    return path


def test_a_line_of_zeros_in_a_dump_costs_itself_and_no_memory(bomb: Path) -> None:
    tracemalloc.start()
    with bomb.open("rb") as file:
        read = [row for block in blocks(file) for row in rows(block, 2)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row for row in read if not isinstance(row, BadRow)] == [["a", "b"], ["c", "d"]]
    assert sum(isinstance(row, BadRow) for row in read) == 1
    assert peak < 64 * MIB + 2 * ROW_BYTES_MAX


def _archive(path: Path, members: Iterator[tarfile.TarInfo]) -> Path:
    with lzma.open(path, "wb", preset=0) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for member in members:
            tar.addfile(member, _zeros(member.size) if member.isfile() else None)
    return path


def _zeros(size: int) -> io.BufferedIOBase:
    class Reader(io.BytesIO):
        def read(self, wanted: int | None = -1) -> bytes:
            return bytes(wanted or 0)

    return Reader() if size else io.BytesIO()


ARCHIVED = DumpTable(name="artist", columns=("id",), packing="json.tar.xz")


def _member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    member.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return member


@pytest.mark.parametrize(
    "members",
    [
        [("../../../evil", tarfile.REGTYPE), ("/etc/evil", tarfile.REGTYPE)],
        [(f"mbdump/{ARCHIVED.name}", tarfile.SYMTYPE)],
        [(f"mbdump/{ARCHIVED.name}", tarfile.LNKTYPE)],
        [(f"mbdump/{ARCHIVED.name}", tarfile.FIFOTYPE)],
        [(f"mbdump/{ARCHIVED.name}", tarfile.CHRTYPE)],
        [(f"mbdump/{ARCHIVED.name}", tarfile.DIRTYPE)],
    ],
)
def test_links_and_paths_of_an_archive_lead_nowhere(members, tmp_path: Path) -> None:
    path = _archive(tmp_path / "x.tar.xz", iter(_member(*member) for member in members))
    with pytest.raises(ShapeError, match="holds no"):
        list(ArchiveStream(path, ARCHIVED).pieces())
    assert list(tmp_path.iterdir()) == [path]


def test_a_line_of_zeros_in_an_archive_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phonofilm.landing.archive_stream._LINE_BYTES_MAX", 8 * MIB)
    monkeypatch.setattr("phonofilm.landing.archive_stream.PIECE_BYTES", 1 * MIB)
    member = _member(f"mbdump/{ARCHIVED.name}", size=200 * MIB)
    path = _archive(tmp_path / "x.tar.xz", iter([member]))
    tracemalloc.start()
    with pytest.raises(PhonofilmError):
        list(ArchiveStream(path, ARCHIVED).pieces())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * MIB


def test_a_clip_that_is_a_link_or_a_folder_is_no_clip(tmp_path: Path) -> None:
    clips = tmp_path / "fma_small" / "000"
    clips.mkdir(parents=True)
    (clips / "000002.mp3").write_bytes(b"ID3")
    (clips / "000003.mp3").symlink_to("/etc/passwd")
    (clips / "000004.mp3").mkdir()
    assert [path.name for path in _clips(tmp_path, ["fma_small"])] == ["000002.mp3"]


SAVED = {
    "bomb.html.gz": gzip.compress(b"<html>" + bytes(60 * MIB), 9, mtime=0),
    "nested.html": b"<div>" * 200_000,
    "doubled.html.gz": gzip.compress(gzip.compress(b"<html></html>")),
    "cut.html.gz": gzip.compress(b"<html></html>" * 1000)[:-9],
    "status.warc": b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x/\r\n"
    b"Content-Type: application/http; msgtype=response\r\nContent-Length: 29\r\n\r\n"
    b"HTTP/1.1 abc OK\r\nA: b\r\n\r\nbody!\r\n\r\n",
    "length.warc": b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    "negative.warc": b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -5\r\n\r\nHTTP/1.1 200\r\n\r\n",
    "rubbish.warc": bytes(range(256)) * 10,
    "gzip.warc.gz": b"\x1f\x8b\x08\x00rubbish",
    "json.json": b"[" * 100_000,
    "empty.html": b"",
    "utf16.html": "<html>".encode("utf-16"),
}


@pytest.mark.parametrize("source", ["imdb", "wikidata", "soundcloud", "beatport"])
@pytest.mark.parametrize("name", SAVED)
def test_a_saved_file_that_was_made_to_harm_is_a_finding(
    name: str, source: str, folder: Workspace, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(SAVED[name])
    result = land(folder, source, [tmp_path / name], keep_names=False)
    assert result.landed == 0
    assert result.findings


# --- Queries


@pytest.mark.parametrize(
    "query",
    [
        "COPY artists TO '{out}'",
        "SELECT 1; COPY (SELECT 1) TO '{out}'",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{out}' AS x",
        "INSTALL httpfs",
    ],
)
def test_a_query_writes_no_file(query: str, folder: Workspace, tmp_path: Path) -> None:
    land_nothing = tmp_path / "empty.html"
    land_nothing.write_bytes(b"")
    land(folder, "imdb", [land_nothing], keep_names=False)
    load(folder)
    out = tmp_path / "out"
    for read in (Rows.rows, Rows.arrow):
        with pytest.raises(UsageError, match="reads and does nothing else"):
            read(Rows(folder, query.format(out=out)))
    assert not out.exists()
