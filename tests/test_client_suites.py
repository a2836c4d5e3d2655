"""The test suites of third-party clients, from their source packages, against the sandbox.

They were written for the live services, so ids and keys are replaced by the sandbox's; what they
compare with values of the real catalogue fails, and `docs/testing.md` counts it. Skipped where the
packages cannot be fetched.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

from phonofilm.sandbox.services.deezer.objects import IDS
from phonofilm.sandbox.worlds.ids import Numbering

pytestmark = [pytest.mark.slow, pytest.mark.heavy]

DEEZER = """
import json, os, re
import deezer, pytest
IDS = json.loads(os.environ["IDS"])
class Client(deezer.Client):
    def request(self, method, path, *args, **options):
        known = lambda found: f"{found[1]}/{IDS.get(found[1], found[2])}"
        path = re.sub(r"^(\\w+)/([1-9]\\d*)", known, path)
        if path.startswith("search"):
            options["params"] = dict(options.get("params") or {}, q=os.environ["WORDS"])
        return super().request(method, path, *args, **options)
@pytest.fixture
def client():
    with Client() as made:
        made.base_url = os.environ["SANDBOX"]
        yield made
@pytest.fixture
def client_token(client):
    return client
"""
TMDB = """
import json, os
import tmdbsimple.base
BASE = os.environ["SANDBOX"] + "/3/"
tmdbsimple.base.TMDB._get_complete_url = lambda self, path: BASE + path
IDS = json.loads(os.environ["IDS"])
def pytest_collection_modifyitems(items):
    for item in items:
        for name, value in IDS.items():
            if hasattr(item.module, name):
                setattr(item.module, name, value)
"""


PYTEST = [sys.executable, "-m", "pytest", "-q", "-W", "ignore", "--override-ini=addopts="]
PYTEST += ["-p", "no:cacheprovider", "-p", "no:randomly"]


class Suite(NamedTuple):
    """A client's suite: its package, its files, what prepares them, and how many tests pass."""

    package: str
    source: str
    files: tuple[str, ...]
    conftest: str
    passed: int


SUITES = (
    Suite("deezer-python", "deezer", ("test_client.py", "test_exceptions.py"), DEEZER, 35),
    Suite(
        "tmdbsimple",
        "tmdb",
        tuple(
            f"test_{name}.py"
            for name in (
                "configuration",
                "discover",
                "find",
                "genres",
                "movies",
                "people",
                "search",
                "tv",
            )
        ),
        TMDB,
        56,
    ),
)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of source packages, unpacked."""
    folder = tmp_path_factory.mktemp("packages")
    venv.create(folder / "pip", with_pip=True)
    for suite in SUITES:
        words = ["download", "-q", "--no-deps", "--no-binary", suite.package, "-d", str(folder)]
        command = [str(folder / "pip" / "bin" / "python"), "-m", "pip", *words, suite.package]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"{suite.package} cannot be fetched: {type(error).__name__}")
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder / "unpacked", filter="data")
    return folder / "unpacked"


def ids_of(source: str, served) -> dict[str, object]:
    """What stands for the ids that a suite knows of the live service."""
    if source == "deezer":
        kinds = ("artist", "album", "track", "playlist")
        return {k: IDS.id_of(f"{k}s", 0) for k in kinds} | {"genre": 1, "chart": 1, "radio": 30001}
    from_tmdb, world = Numbering("tmdb"), served.world
    ids: dict[str, object] = {"PEOPLE_ID": from_tmdb.id_of("people", 1)}
    ids["PEOPLE_NAME"] = world.person(1)[0]
    for key, index in served.true_ids("titles").items():
        kind, _, number = key.partition("/")
        title, prefix = world.title(index), {"movie": "MOVIE", "tv": "TV"}[kind]
        named = "TITLE" if kind == "movie" else "NAME"
        ids |= {f"{prefix}_ID": int(number), f"{prefix}_{named}": title.name}
        if kind == "movie":
            ids |= {"MOVIE_ID_ALTERNATIVE": int(number), "MOVIE_TITLE_GERMAN": title.name}
            ids |= {"FIND_MOVIE_ID": world.tconst(index), "FIND_TITLE": title.name}
    return ids


@pytest.mark.parametrize("suite", SUITES, ids=[suite.package for suite in SUITES])
def test_a_suite_of_a_client_passes_as_far_as_it_knows_no_real_titles(
    suite: Suite, packages: Path, stand_in
) -> None:
    url, served = stand_in(suite.source, titles=3000, artists=3000)
    [root] = packages.glob(f"{suite.package.replace('-', '?')}-*")
    (root / "tests" / "__init__.py").write_text("API_KEY, SESSION_ID = 'any', 'any'\n")
    (root / "tests" / "conftest.py").write_text(suite.conftest)
    done = subprocess.run(
        [*PYTEST, *(f"tests/{name}" for name in suite.files)],
        cwd=root,
        env=os.environ
        | {
            "SANDBOX": url,
            "WORDS": "the",
            "IDS": json.dumps(ids_of(suite.source, served)),
            "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")]),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout[-3000:] + done.stderr[-1000:]
    assert int(passed[1]) >= suite.passed, done.stdout[-3000:]
