"""The docs are a tested surface: every verb, table, source and link is in them and right."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from docs.generate import PAGES

from phonofilm.cli.main import VERBS
from phonofilm.sources import get, source_names

ROOT = Path(__file__).parents[1]
TITLES = {name: get(name).manifest.title.split()[0] for name in source_names()}
WITH_LINKS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_what_the_code_says(page: str) -> None:
    assert read(f"docs/{page}") == PAGES[page](), "run: make docs"


def test_every_verb_is_in_the_readme() -> None:
    assert [verb for verb in VERBS if f"phonofilm {verb}" not in read("README.md")] == []


def test_every_source_is_in_the_readme() -> None:
    assert [name for name, title in TITLES.items() if title not in read("README.md")] == []


@pytest.mark.parametrize("page", WITH_LINKS)
def test_links_in_the_docs_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", read(page)):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_paths_in_the_architecture_exist() -> None:
    for path in re.findall(r"`([a-z]+/[\w/]+\.py)`", read("ARCHITECTURE.md")):
        assert any((root / path).exists() for root in (ROOT / "src/phonofilm", ROOT)), path


def test_nothing_names_a_registry_or_a_path_of_some_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    hosts = ("python" + "hosted.org", "py" + "pi.org/", "registry.npm" + "js")
    folders = ("/ro" + "ot/", "/wo" + "rk/")  # not behind a host: musicbrainz.org has such pages
    forbidden = re.compile(
        "|".join([*map(re.escape, hosts), *(rf"(?<![\w.]){name}" for name in folders)])
    )
    for name in tracked.stdout.split():
        if (ROOT / name).is_file() and not name.endswith(".png"):
            assert not forbidden.search(read(name)), name
