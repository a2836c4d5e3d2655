"""Keys, tokens, passwords and contacts are sent to their service and stand nowhere else.

A service that repeats all that it was sent, in bodies, headers and errors, is asked by every verb
that sends requests, with --debug and a log file. Then everything that was printed or written is
searched.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from phonofilm.sources import get, source_names
from tests.cli import Result, run_cli
from tests.hostile import Hostile

SECRETS = {
    "client_id": "planted-client-id-3141592653",
    "client_secret": "planted-client-secret-2718281828",
    "token": "planted-token-1618033988",
    "refresh_token": "planted-refresh-1414213562",
    "username": "planted-user-1732050807",
    "password": "planted-password-2236067977",
    "contact": "planted-contact@example.org",
}
GRANTED = "granted-token-5772156649"
HIDDEN = [*SECRETS.values(), GRANTED]
CRAWLED = [
    name
    for name in source_names()
    if get(name).manifest.permitted(get(name).manifest.default_access)
]


def _reflection(request: web.BaseRequest, body: bytes) -> str:
    sent = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    return f"{request.path_qs} {sent} {body.decode(errors='replace')}"


def reflecting(status: int) -> Callable:
    """A service that grants tokens and then repeats what it was sent, with this status."""

    async def respond(server: Hostile, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if "token" in request.path:
            grant = {"access_token": GRANTED, "token_type": "Bearer", "expires_in": 3600}
            return web.json_response(grant)
        text = _reflection(request, body)
        document = {
            "error": {"status": status, "type": "Odd", "code": 4, "message": text},
            "error_description": text,
            "message": text,
            "data": [{"id": 1, "name": text}],
            "results": [{"id": "1", "name": text}],
            "collection": [{"id": 1, "title": text}],
        }
        return web.json_response(document, status=status, headers={"X-Request": text[:2000]})

    return respond


def settings_of(source: str, url: str) -> str:
    values = {**SECRETS, "base_url": url, "token_url": f"{url}/token", "basis": "a test"}
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join([f"[{source}]", "accept_terms = true", 'rate = "none"', *lines, ""])


def leaks(folder: Path, *results: Result) -> list[str]:
    """Where a secret stands: in what was printed, or in a file, packed ones included."""
    found = [
        f"printed: {secret}"
        for result in results
        for secret in HIDDEN
        if secret in result.stdout + result.stderr
    ]
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "phonofilm.toml":
            content = path.read_bytes() + _unpacked(path)
            found += [f"{path}: {secret}" for secret in HIDDEN if secret.encode() in content]
    return found


def _unpacked(path: Path) -> bytes:
    if path.suffix != ".parquet":
        return b""
    import duckdb

    return repr(duckdb.sql(f"FROM '{path}'").fetchall()).encode()


@pytest.mark.parametrize(
    "status", [200, *(pytest.param(n, marks=pytest.mark.slow) for n in (401, 403, 500))]
)
@pytest.mark.parametrize("source", CRAWLED)
def test_a_service_that_repeats_what_it_was_sent_leaves_no_secret(
    source: str, status: int, hostile, tmp_path: Path
) -> None:
    server, work = hostile(reflecting(status)), tmp_path / "work"
    work.mkdir()
    (work / "phonofilm.toml").write_text(settings_of(source, server.url))
    base = ("--data", "d")
    commands = (
        ("crawl", source, "--max-calls", 3, "--max-time", "1s", "-d", *base),
        ("sources", source, "--probe", *base),
        ("find", "artist", "x", "--source", source, *base),
        ("doctor", *base),
        ("status", *base),
        ("load", *base),
        ("show", "quarantine", *base),
        ("export", "artists", "--out", "a.csv", *base),
        ("report", "--out", "r.html", *base),
    )
    results = [run_cli("--log-file", "log", *words, cwd=work) for words in commands]
    if not server.calls:
        pytest.skip("crawled for named records only")
    assert leaks(work, *results) == []
