"""What surrounds the program: users without a home, file systems without locks, signals."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import signal
import subprocess
from pathlib import Path

import pytest

from phonofilm.config import cache_folder
from phonofilm.errors import StoreError
from phonofilm.runtime.signals import deferred_interrupt
from phonofilm.sources import get, source_names
from phonofilm.workspace import FolderLock, Workspace
from tests.cli import PROCESS, run_cli

CRAWLED = [name for name in source_names() if get(name).manifest.endpoints]
_HOME_VARIABLES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home folder: any uid in a container."""

    def no_entry(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    for name in _HOME_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("source", CRAWLED)
def test_a_user_without_a_home_collects_what_names_nobody(
    source: str, homeless: None, stand_in, tmp_path: Path
) -> None:
    manifest = get(source).manifest
    try:
        url, _ = stand_in(source, artists=20)
    except (KeyError, ValueError):
        pytest.skip("no stand-in")
    want = "titles=3" if manifest.obtainable("title", manifest.default_access) else "artists=3"
    words = ("crawl", source, "--at", url, "--max-calls", 2, "--want", want, "--data", "d")
    result = run_cli(*words, cwd=tmp_path)
    if result.exit_code == 2:
        pytest.skip("crawled for named records only")
    if manifest.names_people:
        assert result.exit_code == 3, result.text
        assert "no home folder" in result.text
        assert "XDG_CONFIG_HOME" in result.text
    else:
        assert result.exit_code == 0, result.text
    assert not (tmp_path / "~").exists()
    assert not Path("~").exists()


def test_a_user_without_a_home_has_no_folder_of_tokens(homeless: None) -> None:
    assert cache_folder() is None


def test_a_home_that_cannot_be_written_is_named_with_the_way_out(
    stand_in, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    url, _ = stand_in("soundcloud", artists=20)
    words = ("crawl", "soundcloud", "--at", url, "--max-calls", 2, "--data", tmp_path / "d")
    result = run_cli(*words)
    assert result.exit_code == 3, result.text
    assert "Set XDG_CONFIG_HOME" in result.text


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_locks_is_not_a_folder_in_use(
    number: int, folder: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.open()

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(fcntl, "lockf", refuse)
    with (
        pytest.raises(StoreError, match="its file system has no locks") as caught,
        FolderLock(folder, "load"),
    ):
        pass
    assert "--data" in caught.value.next_step


def test_a_signal_inside_a_library_comes_when_the_library_is_done() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), deferred_interrupt():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("the end of the block")
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("words", [["load", "--again"], ["report"]])
def test_a_signal_while_duckdb_imports_ends_the_command(
    words: list[str], stand_in, tmp_path: Path
) -> None:
    """DuckDB drops what is raised inside its imports: the commands then went on to their end."""
    url, _ = stand_in("deezer", artists=20)
    data = tmp_path / "d"
    assert run_cli("crawl", "deezer", "--at", url, "-n", 5, "--data", data).exit_code == 0
    assert run_cli("load", "--data", data).exit_code == 0
    pandas = tmp_path / "modules" / "pandas"
    pandas.mkdir(parents=True)
    (pandas / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    path = os.pathsep.join([str(pandas.parent), *os.environ.get("PYTHONPATH", "").split(":")])
    process = subprocess.run(
        [*PROCESS, *words, "--data", data],
        env=os.environ | {"PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 130, process.stderr
    assert b"Traceback" not in process.stderr
    assert not (tmp_path / "report.html").exists()
