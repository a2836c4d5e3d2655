"""`make` tells at once, in one sentence, that a Python is too old; its pins agree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

PIN = re.compile(r"^([\w.-]+)==(\S+)", re.M)
ROOT = Path(__file__).parents[1]
FILES = ("Makefile", "pyproject.toml", "requirements-dev.txt", "requirements-demo.txt")
# What `python3` says of itself where it is 3.9, as on Debian 11; anything else it must not do.
TOO_OLD = """#!/bin/sh
case "$1" in
  --version) echo "Python 3.9.2" ;;
  -c) ;;
  *) touch ran-all-the-same ;;
esac
"""

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not here")


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder with the Makefile, as in a fresh clone."""
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *words], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


@needs_make
@pytest.mark.parametrize("target", ["demo", "test", "lint"])
def test_a_python_that_is_too_old_is_told_in_one_sentence(tmp_path: Path, target: str) -> None:
    python = tmp_path / "python3"
    python.write_text(TOO_OLD)
    python.chmod(0o755)
    ended = make(tmp_path, target, f"PYTHON={python}")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in ended.stderr
    assert "is Python 3.9.2" in ended.stderr
    assert f"make {target} PYTHON=python3.12" in ended.stderr
    assert not (tmp_path / "ran-all-the-same").exists()


@needs_make
def test_a_python_that_is_not_there_is_told(tmp_path: Path) -> None:
    ended = make(tmp_path, "demo", f"PYTHON={tmp_path}/nowhere")
    assert ended.returncode == 2
    assert "nowhere is not there" in ended.stderr


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


def test_the_demo_runs_with_what_the_wheel_needs_as_the_tests_have_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[\[<>=!; ]", line)[0] for line in project["dependencies"]}
    demo, tests = pins("requirements-demo.txt"), pins("requirements-dev.txt")
    assert needed <= demo.keys(), "run: make pins"
    assert demo.items() <= tests.items(), "run: make pins"
