"""The docs are a tested surface: every verb, table and source is in them, and the README runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from docs.generate import PAGES

from phonofilm.cli.main import VERBS
from phonofilm.sources import NAMES, get

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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


def readme_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    lines = [line.partition("   #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("phonofilm ")]


def test_the_commands_of_the_readme_run_as_they_stand(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("deezer", artists=400)
    live = {"PHONOFILM_DEEZER__BASE_URL": url}  # what is live there is the stand-in here
    assert len(readme_commands()) > 12
    for line in readme_commands():
        words = [sys.executable, "-m", *shlex.split(line)]
        told = subprocess.run(
            words, cwd=tmp_path, env=os.environ | live, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, (line, told.stdout, told.stderr)


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
