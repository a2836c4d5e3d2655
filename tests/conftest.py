"""Shared fixtures: stand-ins on loopback, data folders, the shared material when it is there."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, settings

from phonofilm.config import Settings
from phonofilm.crawl.options import CrawlOptions
from phonofilm.crawl.results import CrawlResult
from phonofilm.crawl.scope.goal import Goal, parse_want
from phonofilm.crawl.scope.scopes import Everything, Scope
from phonofilm.crawl.session import crawl
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.server import Plan, SandboxServer, running
from phonofilm.workspace import Workspace
from tests.servers import Postgres, Seaweed
from tests.servers import postgres as a_postgres
from tests.servers import seaweed as a_seaweed

# No colour and 80 columns, whatever the terminal is; consoles read this when they are imported.
os.environ["TERM"] = "dumb"
# Workers and child processes import the same modules: compiled once, they start in half the time
# (measured in November 2026: 0.6 s instead of 1.2 s for `phonofilm --version`).
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
pytest_plugins = ["tests.hostile"]
SHARED = Path(__file__).resolve().parents[2] / "shared"
LOOPBACK = ("127.0.0.1", "::1")
_numbers = itertools.count()
# What a developer's shell may hold and no test may see.
FOREIGN = ("PHONOFILM_CONFIG", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")

for _name, _examples in (("default", 30), ("ci", 100)):
    settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "ci"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run a worker more than there are cores: tests of limits and time-outs wait."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run heavy tests first, in random order among themselves: no worker ends with a long one."""
    items.sort(key=lambda item: item.get_closest_marker("heavy") is None)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how to repeat the order and the hashes of this run."""
    seed = config.getoption("randomly_seed", None)
    hashes = os.environ.get("PYTHONHASHSEED", "random")
    terminalreporter.write_line(f"order: --randomly-seed={seed}, PYTHONHASHSEED={hashes}")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test reach the outside network, the user's folders or the user's settings."""
    connect = socket.socket.connect

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test reaches out to {address}")
        connect(self, address)

    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        move_user_folders(patch, home)
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_thread_per_database() -> Iterator[None]:
    """Let databases of the quick tests use one thread, because a worker runs on each core.

    A second thread costs small tables a fifth more processor time (measured in November 2026).
    `make test-slow` and child processes use all threads.
    """
    if THOROUGH:
        yield
        return
    connect = duckdb.connect

    def connect_with_one_thread(*arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        config = {"threads": 1} | options.pop("config", {})
        return connect(*arguments, config=config, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect_with_one_thread)
        yield


@pytest.fixture(autouse=True)
def _own_user_folders(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Give each test a cache (tokens) and a configuration (hash key) of its own.

    A test without `tmp_path` gets the name of a folder that does not exist, because making and
    removing one took two thirds of the time of the smallest tests.
    """
    if "tmp_path" in request.fixturenames:
        home = request.getfixturevalue("tmp_path")
    else:
        home = tmp_path_factory.getbasetemp() / f"home-of-test-{next(_numbers)}"
    move_user_folders(monkeypatch, home)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Take the log handlers of a test away with it."""
    with logging_restored():
        yield


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


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a folder that one test process makes and all read: `made_once("filled", make)`.

    `make(folder)` fills it. Tests that change it take a copy (`copied`).
    """
    base = tmp_path_factory.getbasetemp()
    shared_base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared_base / f"once-{name}", shared_base / f"once-{name}.done"
        with (shared_base / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                _forget_keys(folder)
                done.touch()
        return folder

    return get


def _forget_keys(folder: Path) -> None:
    """Let data folders go with the key of any test, because each test is another user."""
    for marker in folder.rglob("phonofilm.json"):
        marked = json.loads(marker.read_text())
        marker.write_text(json.dumps({n: v for n, v in marked.items() if n != "names_key"}))


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Copy a folder that others read, too: `copied(filled)`."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / folder.name))

    return copy


@pytest.fixture
def stand_in() -> Iterator[Callable[..., tuple[str, SandboxServer]]]:
    """Start stand-ins that end with the test: `url, server = stand_in("spotify", artists=50)`."""
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


@contextlib.contextmanager
def logging_restored() -> Iterator[None]:
    """Remove and close the handlers that were added to the log, and restore its level."""
    logger = logging.getLogger("phonofilm")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    try:
        yield
    finally:
        for handler in set(logger.handlers) - set(handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)
        logger.propagate = propagate


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
    **more: Any,
) -> CrawlResult:
    """Crawl once; the wants are words as a person writes them."""
    goal = Goal(dict(parse_want(want) for want in wants), max_calls, until=until)
    options = CrawlOptions(source, goal, scope or Everything(), at=url, workers=workers, **more)
    return run(crawl(folder, settings or Settings(), options))


def calls_made(served: SandboxServer) -> int:
    """Count the requests that a stand-in answered, tokens left out."""
    return sum(sum(c.values()) for name, c in served.calls.items() if name != "token")


def move_user_folders(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Move the user's cache and configuration below a folder."""
    patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
