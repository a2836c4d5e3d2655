"""The commands of README and docs run as they stand, each fenced block in a folder of its own."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from phonofilm.landing.object_store import open_objects
from phonofilm.sandbox.services.imdb.dumps import write
from phonofilm.sandbox.services.imdb.pages import page
from phonofilm.sandbox.services.musicbrainz import dumps
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from tests.cli import PROCESS, run_cli
from tests.servers import SECRET, free_port
from tests.test_docs import read

# moto's server leaves its sockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MUSIC_WITHOUT_TERMS = ("musicbrainz", "listenbrainz", "reccobeats", "itunes", "jamendo", "deezer")
TITLES = 1500


class Block(NamedTuple):
    """A fenced block: its lines, comments taken off."""

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def commands(self) -> list[str]:
        return [line for line in self.lines if not line.endswith("&")]

    @property
    def name(self) -> str:
        return "-".join(re.findall(r"\w+", self.lines[0])[1:4])

    def with_texts(self, texts: dict[str, str]) -> Block:
        """Return the block with each text replaced by another."""
        text = self.text
        for old, new in texts.items():
            assert old in text, old
            text = text.replace(old, new)
        return Block(tuple(text.splitlines()))


def blocks_of(page: str) -> list[Block]:
    """Read the shell blocks of a page that hold commands of ours, in their order."""
    fenced = re.findall(r"```sh\n(.*?)```", read(page), re.S)
    lines = [[line.partition("   #")[0].strip() for line in block.splitlines()] for block in fenced]
    ours = [tuple(line for line in block if line.startswith("phonofilm ")) for block in lines]
    return [Block(block) for block in ours if block]


README = blocks_of("README.md")


class Walk(NamedTuple):
    """A page that goes the whole way in a sandbox, and what makes it small and its port free."""

    page: str
    port: str
    smaller: dict[str, str]

    @property
    def block(self) -> Block:
        (block,) = blocks_of(self.page)
        return block.with_texts(self.smaller)


WALKS = [
    Walk(
        "docs/open-catalogues.md",
        "8765",
        {"--artists 600": "--artists 60", "=300": "=20", "-n 300": "-n 20"},
    ),
    Walk("docs/listeners.md", "8766", {}),
]


@pytest.fixture(scope="session")
def files(made_once) -> Path:
    """The files that the README's commands read: dumps, saved pages, a dataset."""

    def make(folder: Path) -> None:
        world = FilmWorld(TITLES)
        write(world, folder / "dumps")
        for entity in dumps.ENTITIES:
            archive = dumps.archive(GeneratedWorld(30), entity)
            (folder / "dumps" / f"{entity}.tar.xz").write_bytes(archive)
        (folder / "saved-pages").mkdir()
        for index in range(5):
            (folder / "saved-pages" / f"{index}.html").write_bytes(page(world, index))
        (folder / "fma").mkdir()
        genres = "genre_id,#tracks,parent,title,top_level\n21,8389,0,Hip-Hop,21\n"
        (folder / "fma" / "genres.csv").write_text(genres)
        names = [GeneratedWorld(150).artist(number).name for number in range(3)]
        (folder / "favourites.txt").write_text("\n".join(names))

    return made_once("readme-files", make)


@pytest.fixture
def live(stand_in, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins of all sources where the live services would be, with keys and accepted terms."""
    heard, shop = (stand_in(name, artists=150)[0] for name in ("soundcloud", "beatport"))
    wikidata, tmdb = (stand_in(name, titles=TITLES)[0] for name in ("wikidata", "tmdb"))
    terms = {"ACCEPT_TERMS": "true", "BASIS": "a test"}
    own_key = {"CLIENT_ID": "me", "CLIENT_SECRET": "hush-hush"}
    named = {"RATE": "none", "CLIENT_ID": "sandbox", "CONTACT": "somebody@example.org"}
    settings: dict[str, dict[str, str]] = {
        **{
            name: {"BASE_URL": stand_in(name, artists=150)[0], **named}
            for name in MUSIC_WITHOUT_TERMS
        },
        "wikidata": {"BASE_URL": wikidata, "CONTACT": "somebody@example.org"},
        "tmdb": {"BASE_URL": tmdb, "TOKEN": "sandbox-token", **terms},
        "soundcloud": {
            "BASE_URL": heard,
            "TOKEN_URL": f"{heard}/oauth/token",
            "RATE": "none",
            **own_key,
            **terms,
        },
        "beatport": {"BASE_URL": shop, "TOKEN": "sandbox-token", "RATE": "none", **terms},
    }
    for source, values in settings.items():
        for key, value in values.items():
            monkeypatch.setenv(f"PHONOFILM_{source.upper()}__{key}", value)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An S3 store with a catalogue, and its bucket."""
    from moto.server import ThreadedMotoServer

    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{store.get_host_and_port()[1]}")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "a")
    for name in ("REGION", "DEFAULT_REGION"):
        monkeypatch.setenv(f"AWS_{name}", "us-east-1")
    open_objects("s3://bucket/films").check(create=True)
    yield
    store.stop()


@pytest.fixture
def prepared(
    tmp_path: Path, files: Path, live: None, request: pytest.FixtureRequest, monkeypatch
) -> Callable[[Block], Block]:
    """Put what a block needs where its commands look for it, addresses of servers included."""

    def prepare(block: Block) -> Block:
        shutil.copytree(files, tmp_path, dirs_exist_ok=True)
        if "s3://" in block.text:
            request.getfixturevalue("bucket")
        if "postgresql://" not in block.text:
            return block
        monkeypatch.setenv("PGPASSWORD", SECRET.replace("%40", "@"))
        database = request.getfixturevalue("database")
        return block.with_texts({"postgresql://me@host/films": database})

    return prepare


def run_in_process(block: Block, cwd: Path) -> None:
    for command in block.commands:
        result = run_cli(*shlex.split(command, comments=True)[1:], cwd=cwd)
        assert result.exit_code == 0, (command, *result)


def _with_server_awaited(line: str) -> str:
    port = re.search(r"--port (\d+) &$", line)
    return (
        f"{line}\nuntil (</dev/tcp/127.0.0.1/{port[1]}) 2>/dev/null; do sleep 0.1; done"
        if port
        else line
    )


def run_in_shell(block: Block, cwd: Path) -> None:
    """Run the lines in one shell, processes of their own, servers (`&`) in its background."""
    stop_servers = "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT"
    lines = [stop_servers, *(_with_server_awaited(line) for line in block.lines)]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-exc", "\n".join(lines)],
        cwd=cwd,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, (ended.stdout, ended.stderr)


each_block = pytest.mark.parametrize("block", README, ids=[block.name for block in README])
each_walk = pytest.mark.parametrize(
    "walk", [pytest.param(walk, id=Path(walk.page).stem, marks=pytest.mark.slow) for walk in WALKS]
)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_five_jobs(folder: Path) -> None:
    """Each job ends with its file, and the file has what the job is about and no strangers."""
    films = table(folder / "anime.csv")
    assert len({film["id"] for film in films}) == len(films)
    assert any(film["votes"] and film["poster_url"] for film in films)
    comments = table(folder / "comments.csv")
    assert sum(bool(comment["second"]) for comment in comments) > 0.9 * len(comments) > 0
    assert any(comment["bpm"] and comment["key_name"] for comment in comments)
    techno = table(folder / "techno.csv")
    assert techno
    assert all("Techno" in artist["genres"].split(";") for artist in techno)
    # Media of a stand-in are not downloaded without --at, because addresses of loopback are refused.
    clips = (folder / "clips.csv").read_text("utf-8").partition("\n")[0].split(",")
    assert {"name", "genres", "path", "licence_url"} <= set(clips)
    favourites = (folder / "favourites.txt").read_text("utf-8").splitlines()
    assert len(table(folder / "favourites-csv/artists.csv")) == len(favourites)
    tracks = table(folder / "favourites-csv/tracks.csv")
    assert len(table(folder / "favourites-csv/features.csv")) == len(tracks) > 0


def test_the_readme_shows_many_commands() -> None:
    assert sum(len(block.commands) for block in README) > 20


@pytest.mark.slow
@each_block
def test_the_commands_of_the_readme_run_as_they_stand(prepared, block: Block, tmp_path) -> None:
    run_in_process(prepared(block), tmp_path)
    if "favourites.txt" in block.text:
        check_five_jobs(tmp_path)


@pytest.mark.slow
@each_block
def test_the_commands_of_the_readme_run_in_a_shell(prepared, block: Block, tmp_path) -> None:
    run_in_shell(prepared(block), tmp_path)


@contextmanager
def served(command: str) -> Iterator[str]:
    """Start `phonofilm sandbox ... &` as a process; its address."""
    words = [word for word in shlex.split(command)[1:] if word != "&"]
    with subprocess.Popen([*PROCESS, *words], stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            yield json.loads(sandbox.stdout.readline())["url"]
        finally:
            sandbox.terminate()


def check_listeners(folder: Path) -> None:
    """The picture shows comments, and the old job's three tables are there."""
    assert (folder / "track.svg").read_text("utf-8").count("<circle") > 30
    seeds = {path.name for path in (folder / "seed").glob("*.csv")}
    assert seeds == {"artists.csv", "tracks_and_beats.csv", "comments.csv"}


@pytest.mark.heavy
@each_walk
def test_the_walk_of_a_page_runs(tmp_path: Path, walk: Walk) -> None:
    block = walk.block.with_texts({f"--port {walk.port}": "--port 0"})
    server, *commands = block.lines
    with served(server) as url:
        local = {f"http://127.0.0.1:{walk.port}": url}
        run_in_process(Block(tuple(commands)).with_texts(local), tmp_path)
    if "listeners" in walk.page:
        check_listeners(tmp_path)


@pytest.mark.slow
@each_walk
def test_the_walk_of_a_page_runs_in_a_shell(tmp_path: Path, walk: Walk) -> None:
    run_in_shell(walk.block.with_texts({walk.port: str(free_port())}), tmp_path)
    if "listeners" in walk.page:
        check_listeners(tmp_path)
