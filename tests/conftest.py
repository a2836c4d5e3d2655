"""Shared pieces: stand-ins on loopback, data folders, the shared material when it is there."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from phonofilm.config import Settings
from phonofilm.crawl.scope.goal import Goal, parse_want
from phonofilm.crawl.scope.scopes import Everything, Scope
from phonofilm.crawl.session import CrawlOptions, CrawlResult, crawl
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.server import Plan, SandboxServer, running
from phonofilm.workspace import Workspace
from tests.servers import Postgres, Seaweed
from tests.servers import postgres as a_postgres
from tests.servers import seaweed as a_seaweed

pytest_plugins = ["tests.hostile"]
SHARED = Path(__file__).resolve().parents[2] / "shared"
settings.register_profile(
    "here",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("here")


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reaches the outside network, the user's folders or the user's settings."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
        ):
            raise AssertionError(f"a test reaches out to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("PHONOFILM_CONFIG", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shared() -> Path:
    """The material beside the project; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared material is not here")
    return SHARED


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    """An empty data folder."""
    return Workspace(tmp_path / "data")


@pytest.fixture
def stand_in() -> Iterator[Callable[..., tuple[str, SandboxServer]]]:
    """Starts stand-ins that end with the test: `url, served = stand_in("spotify", artists=50)`."""
    opened: list[Any] = []

    def start(source: str, **plan: Any) -> tuple[str, SandboxServer]:
        context = running(Plan(source, **({"rate": "none", "artists": 60} | plan)))
        opened.append(context)
        return context.__enter__()

    yield start
    for context in reversed(opened):
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test process."""
    with a_postgres() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL that a test may kill."""
    with a_postgres() as server:
        yield server


@pytest.fixture
def database(postgres: Postgres) -> str:
    """An empty database; its address, with a password."""
    return postgres.database()


@pytest.fixture(scope="session")
def seaweed() -> Iterator[Seaweed]:
    """An S3 server of this test process."""
    with a_seaweed() as server:
        yield server


def collect(
    folder: Workspace,
    source: str,
    url: str | None,
    *wants: str,
    scope: Scope | None = None,
    workers: int = 4,
    max_calls: int | None = None,
    settings: Settings | None = None,
    until: float | None = None,
    **options: Any,
) -> CrawlResult:
    """One crawl, from words as a person writes them."""
    goal = Goal(dict(parse_want(want) for want in wants), max_calls, until=until)
    told = CrawlOptions(source, goal, scope or Everything(), at=url, workers=workers, **options)
    return run(crawl(folder, settings or Settings(), told))


def calls_made(served: SandboxServer) -> int:
    """Calls a stand-in answered, tokens not counted."""
    return sum(sum(c.values()) for name, c in served.calls.items() if name != "token")
