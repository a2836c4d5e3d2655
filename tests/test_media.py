"""Files of what was collected: each once, what it says it is, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import random
import signal
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from phonofilm import file_types
from phonofilm.file_types import LIMITS, FileLimits, type_of
from phonofilm.media.base import StoredFile
from phonofilm.media.fetcher import Fetcher, Signer
from phonofilm.net import limiter
from phonofilm.net.http_client import UNCOMPRESSED, ClientOptions, HttpClient
from phonofilm.records import Record
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sandbox.kernel.service import HttpRequest
from phonofilm.sandbox.worlds.pictures import mp3, png, waveform
from phonofilm.sources import get, manifests
from phonofilm.sources.contract import Outcome
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.genuine import JSON_ENDPOINTS, genuine_records, server_of

WITH_FILES = [manifest for manifest in manifests() if manifest.media]
FILE_FIELDS = ("image_url", "waveform_url", "preview_url", "audio_url", "poster_url")
ROLES = ["artwork", "profile", "waveform", "samples", "audio"]


def rows(folder, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


def files(root: Path) -> dict[str, str]:
    """The visible files of a folder by path, with the hash of what is in them."""
    found = (p for p in (root / "media").glob("[0-9a-f][0-9a-f]/*"))
    found = (p for p in found if p.suffix != ".growing")
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in found
    }


def test_files_are_named_by_content_listed_and_fetched_once(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=8)
    first = collect(folder, "soundcloud", url, "tracks=all", media=ROLES)
    load(folder)
    stored = files(folder.root)
    assert all(Path(path).stem == digest for path, digest in stored.items())
    table = rows(folder, "SELECT path, sha256, bytes, content_type, licence, page_url FROM media")
    assert {row[0] for row in table} == set(stored)
    assert all((folder.root / path).stat().st_size == size for path, _, size, *_ in table)
    assert all(
        licence and page.startswith("https://soundcloud.com/") for *_, licence, page in table
    )
    assert first.media is not None and first.media.files > len(
        stored
    )  # the same picture twice is one
    requests = served.calls["media"].total()
    again = collect(folder, "soundcloud", url, "tracks=all", media=ROLES)
    assert again.media is not None
    assert (again.media.files, again.media.already) == (0, first.media.files)
    assert served.calls["media"].total() == requests
    assert load(folder).inserted.get("media", 0) == 0


def test_sound_comes_only_where_its_uploader_lets_it(folder, stand_in) -> None:
    url, served = stand_in("soundcloud", artists=20)
    collect(folder, "soundcloud", url, "tracks=all", media=["audio"])
    load(folder)
    free = {row[0] for row in rows(folder, "SELECT id FROM tracks WHERE audio_url IS NOT NULL")}
    assert {row[0] for row in rows(folder, "SELECT of_id FROM media")} == free
    assert 0 < len(free) < 0.2 * len(served.service.ids("tracks"))


def test_a_file_that_is_gone_is_fetched_again(folder, stand_in) -> None:
    url, _ = stand_in("soundcloud", artists=4)
    collect(folder, "soundcloud", url, "tracks=all", media=["waveform"])
    stored = files(folder.root)
    lost = sorted(stored)[0]
    (folder.root / lost).unlink()
    result = collect(folder, "soundcloud", url, "tracks=all", media=["waveform"])
    assert result.media is not None and result.media.files == 1
    assert files(folder.root) == stored


def test_a_page_instead_of_a_picture_is_refused_with_a_finding(folder, stand_in) -> None:
    url, _ = stand_in(
        "soundcloud", artists=6, faults=[Rule("html_for_a_picture", on="media", times=2)]
    )
    result = collect(folder, "soundcloud", url, "tracks=all", media=["artwork"], workers=1)
    kinds = {f["kind"]: f for f in result.findings}
    assert kinds["artwork_refused"]["count"] == 2
    assert "a page (HTML)" in kinds["artwork_refused"]["example"]
    assert result.media is not None and result.media.refused == 2
    again = collect(folder, "soundcloud", url, "tracks=all", media=["artwork"])
    assert again.media is not None and again.media.files == 0


def test_files_of_a_sandbox_lie_in_the_sandbox_and_nowhere_else(folder, stand_in) -> None:
    url, served = stand_in("jamendo", artists=4)
    served.service._image = lambda kind, key: f"https://usercontent.jamendo.com?id={key}"
    result = collect(folder, "jamendo", url, "albums=all", media=["artwork"])
    assert result.media is not None and result.media.files == 0
    assert any("not asked: usercontent.jamendo.com" in f["example"] for f in result.findings)


@pytest.mark.parametrize(("source", "roles"), [(m.name, sorted(m.media)) for m in WITH_FILES])
def test_every_file_that_may_be_stored_can_be_downloaded_from_a_stand_in(
    folder, stand_in, source, roles
) -> None:
    url, _ = stand_in(source, artists=4)
    result = collect(folder, source, url, "tracks=all", "albums=all", media=roles)
    assert result.media is not None and result.media.refused == 0
    load(folder)
    stored = {role for (role,) in rows(folder, "SELECT DISTINCT role FROM media")}
    # The background picture stands in saved pages alone.
    assert stored == set(roles) - {"background"}


@pytest.mark.parametrize(("source", "endpoint"), JSON_ENDPOINTS)
def test_an_address_of_a_file_leads_to_the_stand_in_that_sent_it(source, endpoint) -> None:
    # The address of TMDB's pictures stands in no response but that of /configuration.
    service = server_of(source).service
    for address in file_addresses(genuine_records(source, endpoint)) if source != "tmdb" else ():
        assert address.startswith("http://x/"), address
        path, _, query = address.removeprefix("http://x").partition("?")
        named = dict(parse_qsl(query))
        answer = service.respond(HttpRequest("GET", path.rstrip("/"), named, {}, b"", "http://x"))
        assert answer.status == 200, address
        kind = type_of(answer.body[: file_types.HEAD_BYTES])
        assert kind == answer.headers["Content-Type"], address


def file_addresses(records: list[Record]) -> set[str]:
    """The addresses of pictures and sound in some records."""
    named = {getattr(r, name, None) for r in records for name in FILE_FIELDS}
    # Wikidata refers to Commons, which is another service.
    return {a for a in named if isinstance(a, str) and "commons.wikimedia.org" not in a}


def test_files_go_to_the_object_store_and_count_as_here(tmp_path, stand_in) -> None:
    folder = Workspace(tmp_path / "data", "", f"file://{tmp_path}/bucket")
    url, _ = stand_in("soundcloud", artists=4)
    first = collect(folder, "soundcloud", url, "tracks=all", media=["samples"])
    assert files(folder.root) == {}
    there = {p.name for p in (tmp_path / "bucket" / "media").rglob("*.json")}
    assert first.media is not None and len(there) == first.media.files > 0
    again = collect(folder, "soundcloud", url, "tracks=all", media=["samples"])
    assert again.media is not None and again.media.files == 0
    load(folder)
    assert {Path(row[0]).name for row in rows(folder, "SELECT path FROM media")} == there


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (png(1), "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (mp3(1), "audio/mpeg"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xf1\x50", "audio/aac"),
        (b"OggS\0", "audio/ogg"),
        (b"fLaC\0", "audio/flac"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (waveform(1), "application/json"),
        (b"<!DOCTYPE html>", ""),
        (b"", ""),
        (b"%PDF-1", ""),
        (b"\x7fELF", ""),
        (b"<svg xmlns=", ""),
    ],
)
def test_a_type_is_recognised_by_the_first_bytes(head: bytes, kind: str) -> None:
    assert type_of(head[:16]) == kind


@given(head=st.binary(max_size=32))
def test_any_bytes_have_a_known_type_or_none(head: bytes) -> None:
    assert type_of(head) in {"", *file_types.ENDINGS}


class Server:
    """A server of one file that responds as a test wants; `ranges` are the requested ones."""

    def __init__(self, respond) -> None:
        self.ranges: list[str | None] = []
        self._respond, self.url = respond, ""

    async def __aenter__(self) -> Server:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            self.ranges.append(request.headers.get("Range"))
            return await self._respond(request, len(self.ranges))

        self._runner = web.ServerRunner(web.Server(handle))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/file"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


def client(**options) -> HttpClient:
    return HttpClient(
        ClientOptions(connect_seconds=1.0, read_seconds=2.0, headers=UNCOMPRESSED, **options)
    )


async def fetched(root: Path, respond, role: str = "audio", times: int = 1):
    async with Server(respond) as server, client() as opened:
        fetcher = Fetcher(root, opened, lambda host: host.startswith("127.0.0.1"))
        results = [await fetcher.fetch(server.url, role) for _ in range(times)]
        return results[-1], server.ranges


def test_two_gigabytes_that_say_so_are_not_read(tmp_path) -> None:
    async def respond(request, number: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(2 << 30)})
        await response.prepare(request)
        await response.write(mp3(1))
        return response

    result, _ = run(fetched(tmp_path, respond, "preview"))
    assert result == Outcome("refused", "over 16 MiB")
    assert not list((tmp_path / "media").rglob("*.mp3"))


def test_an_endless_file_is_cut_off_at_the_bound(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(LIMITS, "preview", FileLimits(file_types.SOUNDS, 3 << 20))
    sent = 0

    async def respond(request, number: int) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            while sent < 200 << 20:
                await response.write(mp3(60))
                sent += len(mp3(60))
        except ConnectionError:
            pass
        return response

    result, _ = run(fetched(tmp_path, respond, "preview"))
    assert result == Outcome("refused", "over 3 MiB")
    assert sent < 60 << 20
    assert [p for p in (tmp_path / "media").rglob("*") if p.is_file()] == []


def test_a_large_file_goes_on_where_it_was_cut(tmp_path) -> None:
    body = mp3(300)

    async def respond(request, number: int) -> web.StreamResponse:
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1])
        headers = {"ETag": '"one"', "Content-Length": str(len(body) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        await response.write(body[start:] if number > 1 else body[: len(body) // 2])
        if number == 1 and request.transport:
            await asyncio.sleep(0.1)
            request.transport.close()
        return response

    result, ranges = run(fetched(tmp_path, respond, times=2))
    assert isinstance(result, StoredFile)
    assert (result.bytes, result.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert ranges[0] is None and ranges[1] is not None and ranges[1] != "bytes=0-"
    assert list((tmp_path / "media" / "parts").iterdir()) == []


def test_a_file_that_changed_meanwhile_is_fetched_anew(tmp_path) -> None:
    body = mp3(200)

    async def respond(request, number: int) -> web.StreamResponse:
        whole = bytes(body) if number > 1 else body[: len(body) // 2]
        response = web.StreamResponse(
            headers={"ETag": f'"{number}"', "Content-Length": str(len(body))}
        )
        await response.prepare(request)
        await response.write(whole)
        if number == 1 and request.transport:
            await asyncio.sleep(0.1)
            request.transport.close()
        return response

    result, _ = run(fetched(tmp_path, respond, times=2))
    assert isinstance(result, StoredFile) and result.bytes == len(body)


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (404, {}, "missing"),
        (500, {}, "unavailable"),
        (429, {"Retry-After": "2"}, "throttled"),
        (302, {"Location": "http://169.254.169.254/latest"}, "refused"),
        (302, {"Location": "file:///etc/passwd"}, "refused"),
        (302, {"Location": "/file"}, "refused"),
        (403, {"x-datadome": "protected"}, "bot_wall"),
    ],
)
def test_a_response_without_a_file_is_an_outcome(
    tmp_path, status: int, headers: dict, verdict: str
) -> None:
    async def respond(request, number: int) -> web.StreamResponse:
        return web.Response(status=status, headers=headers)

    result, _ = run(fetched(tmp_path, respond))
    assert isinstance(result, Outcome) and result.verdict == verdict


def test_a_part_that_was_not_requested_is_no_file(tmp_path) -> None:
    async def respond(request, number: int) -> web.StreamResponse:
        headers = {"Content-Range": f"bytes 0-{len(mp3(1)) - 1}/999999"}
        return web.Response(status=206, headers=headers, body=mp3(1))

    result, _ = run(fetched(tmp_path, respond))
    assert result == Outcome("unavailable", "a part that was not asked for")
    assert not list((tmp_path / "media").rglob("*.mp3"))


def test_a_part_beyond_the_end_of_the_file_is_dropped(tmp_path) -> None:
    async def respond(request, number: int) -> web.StreamResponse:
        if "Range" in request.headers:
            return web.Response(status=416)
        return web.Response(body=mp3(1))

    async def work() -> list[str | None]:
        async with Server(respond) as server, client() as opened:
            part = (
                tmp_path / "media" / "parts" / hashlib.sha256(server.url.encode()).hexdigest()[:32]
            )
            part.parent.mkdir(parents=True)
            part.write_bytes(mp3(9))
            part.with_suffix(".etag").write_text('"one"')
            fetcher = Fetcher(tmp_path, opened, lambda host: host.startswith("127.0.0.1"))
            result = await fetcher.fetch(server.url, "audio")
            assert isinstance(result, StoredFile) and result.bytes == len(mp3(1))
            assert list(part.parent.iterdir()) == []
            return server.ranges

    assert run(work()) == [f"bytes={len(mp3(9))}-", None]


def test_a_token_goes_to_its_host_alone(tmp_path) -> None:
    seen: list[str | None] = []

    async def respond(request, number: int) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        if number == 1:
            other = f"http://localhost:{request.url.port}/file"
            return web.Response(status=302, headers={"Location": other})
        return web.Response(body=mp3(1))

    async def work() -> None:
        async with Server(respond) as server, client() as opened:
            host = server.url.split("/")[2]
            allowed = (host, host.replace("127.0.0.1", "localhost"))

            async def secret() -> dict[str, str]:
                return {"Authorization": "OAuth secret"}

            fetcher = Fetcher(
                tmp_path, opened, allowed.__contains__, Signer(f"http://{host}", secret)
            )
            assert isinstance(await fetcher.fetch(server.url, "audio"), StoredFile)
            safer = Fetcher(
                tmp_path, opened, allowed.__contains__, Signer(f"https://{host}", secret)
            )
            await safer.fetch(server.url, "audio")

    run(work())
    assert seen == ["OAuth secret", None, None]


def _download(root: str, url: str) -> None:
    collect(Workspace(Path(root)), "soundcloud", url, "tracks=all", media=ROLES, workers=4)


@pytest.fixture
def spawning():
    return multiprocessing.get_context("fork")


@pytest.mark.slow
def test_no_kill_ever_leaves_a_partial_file_visible(folder, stand_in, spawning) -> None:
    url, _ = stand_in("soundcloud", artists=12)
    rng, kills = random.Random(7), 0
    while kills < 12:
        process = spawning.Process(target=_download, args=(str(folder.root), url))
        process.start()
        process.join(rng.uniform(0.1, 0.5))
        if process.exitcode is not None:
            assert process.exitcode == 0
            break
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        kills += 1
        assert all(Path(path).stem == digest for path, digest in files(folder.root).items())
    _download(str(folder.root), url)
    load(folder)
    table = rows(folder, "SELECT path, sha256 FROM media")
    assert {path for path, _ in table} <= set(files(folder.root))
    expected = rows(folder, "SELECT count(*) FROM tracks WHERE waveform_url IS NOT NULL")
    listed = rows(folder, "SELECT count(*) FROM media WHERE role = 'waveform'")
    assert listed == expected


def test_a_host_that_is_gone_leaves_files_for_the_next_run(
    folder, stand_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "FIRST_PAUSE_SECONDS", 0.0)
    url, _ = stand_in("soundcloud", artists=4, faults=[Rule("http_500", on="media", times=500)])
    result = collect(folder, "soundcloud", url, "tracks=all", media=["artwork"], workers=1)
    assert result.media is not None and result.media.left > 0
    assert any(f["kind"] == "unavailable_file" for f in result.findings)


def test_a_waveform_has_two_files_under_one_name() -> None:
    source = get("soundcloud")
    assert (
        source.media_url("samples", "https://wave.sndcdn.com/x_m.png")
        == "https://wave.sndcdn.com/x_m.json"
    )
    assert (
        source.media_url("waveform", "https://wave.sndcdn.com/x_m.json")
        == "https://wave.sndcdn.com/x_m.png"
    )
    assert source.media_url("samples", "https://elsewhere/x.png") is None
