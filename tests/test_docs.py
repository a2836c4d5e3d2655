"""The docs are a tested surface: every verb, table and source is in them, and the README runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.generate import PAGES

from phonofilm.cli.main import VERBS
from phonofilm.landing.object_store import open_objects
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.services.imdb.pages import page
from phonofilm.sandbox.services.musicbrainz import dumps
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sources import NAMES, get
from tests.servers import SECRET

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WALK = (ROOT / "docs" / "open-catalogues.md").read_text(encoding="utf-8")
LISTENERS = (ROOT / "docs" / "listeners.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_what_the_code_says(page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


def test_every_verb_is_in_the_readme() -> None:
    assert [verb for verb in VERBS if f"phonofilm {verb}" not in README] == []


def test_every_source_is_in_the_readme() -> None:
    assert [name for name in NAMES if get(name).manifest.title.split()[0] not in README] == []


def test_links_in_the_docs_lead_somewhere() -> None:
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("http") or (ROOT / target).exists(), (name, target)


def test_paths_in_the_architecture_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path in re.findall(r"`([a-z]+/[\w/]+\.py)`", text):
        assert (ROOT / "src/phonofilm" / path).exists(), path


def readme_commands(text: str = README) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    lines = [line.partition("   #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("phonofilm ")]


@pytest.fixture
def everything(tmp_path: Path, stand_in, database: str) -> Iterator[dict[str, str]]:
    """What the README's commands find there: sources, files, a database, a store."""
    from moto.server import ThreadedMotoServer

    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    world = FilmWorld(1500)
    write(world, tmp_path / "dumps")
    (tmp_path / "saved-pages").mkdir()
    for index in range(5):
        (tmp_path / "saved-pages" / f"{index}.html").write_bytes(page(world, index))
    _open_dumps(tmp_path)
    open_ones = ("musicbrainz", "listenbrainz", "reccobeats", "itunes", "jamendo")
    live = {
        f"{name.upper()}__{key}": value
        for name in open_ones
        for key, value in {
            "BASE_URL": stand_in(name, artists=400)[0],
            "RATE": "none",
            "CLIENT_ID": "sandbox",
            "CONTACT": "somebody@example.org",
        }.items()
    } | {
        "DEEZER__BASE_URL": stand_in("deezer", artists=400)[0],
        "DEEZER__RATE": "none",
        "WIKIDATA__BASE_URL": stand_in("wikidata", titles=1500)[0],
        "WIKIDATA__CONTACT": "somebody@example.org",
        "TMDB__BASE_URL": stand_in("tmdb", titles=1500)[0],
        "TMDB__ACCEPT_TERMS": "true",
        "TMDB__BASIS": "a test",
        "TMDB__TOKEN": "sandbox-token",
    }
    heard, shop = stand_in("soundcloud", artists=400)[0], stand_in("beatport", artists=400)[0]
    for name, own in (
        (
            "SOUNDCLOUD",
            {
                "BASE_URL": heard,
                "TOKEN_URL": f"{heard}/oauth/token",
                "CLIENT_ID": "me",
                "CLIENT_SECRET": "hush-hush",
            },
        ),
        ("BEATPORT", {"BASE_URL": shop, "TOKEN": "sandbox-token"}),
    ):
        own |= {"ACCEPT_TERMS": "true", "BASIS": "a test", "RATE": "none"}
        live |= {f"{name}__{key}": value for key, value in own.items()}
    aws = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.get_host_and_port()[1]}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PGPASSWORD": SECRET.replace("%40", "@"),
    }
    yield {f"PHONOFILM_{name}": value for name, value in live.items()} | aws
    store.stop()


def _open_dumps(folder: Path) -> None:
    """Dumps of MusicBrainz beside those of IMDb, and a little of the FMA dataset."""
    world = GeneratedWorld(30)
    for entity in dumps.ENTITIES:
        (folder / "dumps" / f"{entity}.tar.xz").write_bytes(dumps.archive(world, entity))
    (folder / "fma").mkdir()
    (folder / "fma" / "genres.csv").write_text(
        "genre_id,#tracks,parent,title,top_level\n21,8389,0,Hip-Hop,21\n"
    )


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_commands_of_the_readme_run_as_they_stand(
    tmp_path: Path, everything: dict[str, str], database: str, monkeypatch
) -> None:
    for name, value in everything.items():
        monkeypatch.setenv(name, value)
    open_objects("s3://bucket/films").check(create=True)
    assert len(readme_commands()) > 20
    for line in readme_commands():
        words = shlex.split(line.replace("postgresql://me@host/films", database), comments=True)
        told = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, (line, told.stdout, told.stderr)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_walk_through_the_open_catalogues_runs(tmp_path: Path) -> None:
    first, *rest = readme_commands(WALK)
    assert first.startswith("phonofilm sandbox all")
    words = shlex.split(first.replace("--artists 600", "--artists 60").replace("8765", "0"))
    words = [word for word in words if word != "&"]
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            url = json.loads(sandbox.stdout.readline())["url"]
            for line in rest:
                told = line.replace("http://127.0.0.1:8765", url).replace("=300", "=20")
                done = subprocess.run(
                    [sys.executable, "-m", *shlex.split(told.replace("-n 300", "-n 20"))],
                    cwd=tmp_path,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, (line, done.stdout, done.stderr)
        finally:
            sandbox.terminate()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_walk_of_the_listeners_runs_and_ends_with_nobody(tmp_path: Path) -> None:
    first, *rest = readme_commands(LISTENERS)
    words = [w for w in shlex.split(first.replace("--port 8766", "--port 0")) if w != "&"]
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            url = json.loads(sandbox.stdout.readline())["url"]
            for line in rest:
                told = line.replace("http://127.0.0.1:8766", url)
                done = subprocess.run(
                    [sys.executable, "-m", *shlex.split(told)],
                    cwd=tmp_path,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, (line, done.stdout, done.stderr)
        finally:
            sandbox.terminate()
    assert (tmp_path / "track.svg").read_text("utf-8").count("<circle") > 30
    seeds = {path.name for path in (tmp_path / "seed").glob("*.csv")}
    assert seeds == {"artists.csv", "tracks_and_beats.csv", "comments.csv"}


def test_nothing_names_a_registry_or_a_path_of_some_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    words = (
        "python" + "hosted.org",
        "py" + "pi.org/",
        "registry.npm" + "js",
        "/ro" + "ot/",
        "/wo" + "rk/",
    )
    forbidden = re.compile("|".join(map(re.escape, words)))
    for name in tracked.stdout.split():
        path = ROOT / name
        if path.suffix in (".png",) or not path.is_file():
            continue
        assert not forbidden.search(path.read_text(encoding="utf-8")), name
