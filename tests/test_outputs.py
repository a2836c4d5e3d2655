"""Files that a person names with --out: what is there is written into or replaced, never broken."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from phonofilm.sandbox.kernel.server import Plan, running
from tests.cli import Result, run_cli

WRITERS = {
    "csv": ("artists.csv", ["export", "artists", "--format", "csv"]),
    "parquet": ("artists.parquet", ["export", "artists", "--format", "parquet"]),
    "jsonl": ("artists.jsonl", ["export", "artists", "--format", "jsonl"]),
    "shape": ("tracks.csv", ["export", "tracks", "--shape", "seed", "--format", "csv"]),
    "report": ("report.html", ["report"]),
    "picture": ("track.svg", ["report", "--track"]),
}
writers = pytest.mark.parametrize("writer", WRITERS)


@pytest.fixture(scope="module")
def loaded(made_once) -> Path:
    """A loaded folder that these tests read."""

    def fill(folder: Path) -> None:
        with running(Plan("deezer", artists=20, rate="none")) as (url, _):
            words = ("crawl", "deezer", "--at", url, "-W", "artists=all", "-W", "tracks=20")
            assert run_cli(*words, "--data", folder).exit_code == 0
        assert run_cli("load", "--data", folder).exit_code == 0

    return made_once("outputs", fill)


@pytest.fixture
def write(loaded: Path, tmp_path: Path):
    """Run a writer with `--out`: `write("csv", path)`."""

    def run(writer: str, out: object) -> Result:
        words = list(WRITERS[writer][1])
        if writer == "picture":
            query = "SELECT id FROM tracks ORDER BY id LIMIT 1"
            words += [run_cli("sql", query, "--data", loaded, "--json").document[0]["id"]]
        return run_cli(*words, "--out", out, "--data", loaded, cwd=tmp_path)

    return run


@pytest.fixture
def expected(write, tmp_path: Path):
    """The bytes that a writer gives; a report says when it was written, so only its length."""

    def of(writer: str) -> bytes:
        path = tmp_path / "expected" / WRITERS[writer][0]
        assert write(writer, path).exit_code == 0
        return path.read_bytes()

    return of


def same(writer: str, one: bytes, other: bytes) -> bool:
    return len(one) == len(other) if writer in ("report", "jsonl") else one == other


@writers
def test_a_symbolic_link_stays_and_its_file_is_replaced(writer, write, expected, tmp_path) -> None:
    target, link = tmp_path / "real" / "file", tmp_path / WRITERS[writer][0]
    target.parent.mkdir()
    target.write_text("older")
    link.symlink_to(target)
    assert write(writer, link).exit_code == 0
    assert link.is_symlink()
    assert same(writer, target.read_bytes(), expected(writer))
    assert list(target.parent.iterdir()) == [target]


@writers
def test_a_pipe_is_written_into(writer, write, expected, tmp_path) -> None:
    pipe = tmp_path / f"pipe{Path(WRITERS[writer][0]).suffix}"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    result = write(writer, pipe)
    reader.join(20)
    assert result.exit_code == 0, result.text
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert same(writer, received[0], expected(writer))
    assert sorted(path.name for path in tmp_path.glob("pipe*")) == [pipe.name]


@writers
def test_a_device_stays_a_device_and_gets_no_card(writer, write, tmp_path) -> None:
    with Path(os.devnull).open("wb") as device:
        result = write(writer, f"/dev/fd/{device.fileno()}")
    assert result.exit_code == 0, result.text
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert list(tmp_path.iterdir()) == []


@writers
def test_a_dash_is_standard_output(writer, write, expected, tmp_path, loaded) -> None:
    words = WRITERS[writer][1]
    if writer in ("parquet", "picture"):
        pytest.skip("binary, or needs an id")
    result = run_cli(*words, "--out", "-", "--data", loaded, cwd=tmp_path)
    assert result.exit_code == 0, result.text
    assert same(writer, result.stdout.encode(), expected(writer))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
@writers
def test_a_full_device_is_exit_code_6(writer, write, tmp_path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as device:
        result = write(writer, f"/dev/fd/{device.fileno()}")
    assert result.exit_code == 6, result.text
    assert "No space left" in result.stderr


@writers
def test_a_path_that_cannot_be_is_an_error_and_leaves_nothing(writer, write, tmp_path) -> None:
    (tmp_path / "plain").write_text("a file")
    (tmp_path / "folder.x").mkdir()
    ending = Path(WRITERS[writer][0]).suffix
    for out in (f"plain/x{ending}", f"{'x' * 300}{ending}"):
        result = write(writer, out)
        assert result.exit_code in (2, 6), result.text
        assert result.stderr.startswith("✗ Cannot")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.x", "plain"]


@writers
def test_the_longest_name_that_a_disk_takes_is_taken(writer, write, tmp_path) -> None:
    ending = Path(WRITERS[writer][0]).suffix
    longest = 255 - len(".card.md") - len(ending)
    out = tmp_path / f"{'x' * longest}{ending}"
    assert write(writer, out).exit_code == 0
    assert out.stat().st_size > 0


@pytest.mark.parametrize("writer", ["csv", "parquet", "jsonl", "shape"])
def test_a_card_that_cannot_be_written_keeps_the_older_table(writer, write, tmp_path) -> None:
    out = tmp_path / WRITERS[writer][0]
    out.write_text("older")
    (tmp_path / f"{out.name}.card.md").mkdir()
    result = write(writer, out)
    assert result.exit_code == 2, result.text
    assert out.read_text() == "older"
    assert len(list(tmp_path.iterdir())) == 2


def test_json_and_the_table_do_not_share_standard_output(loaded: Path) -> None:
    assert run_cli("export", "artists", "--out", "-", "--json", "--data", loaded).exit_code == 2
