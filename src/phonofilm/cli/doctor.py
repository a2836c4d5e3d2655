"""`phonofilm doctor`: walks a person through keys, stores and settings."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import duckdb
from rich.markup import escape

from phonofilm.about import __version__
from phonofilm.cli import options as shared
from phonofilm.cli.console import as_json, out
from phonofilm.config import FILE, Settings, SourceSettings, load_settings
from phonofilm.errors import PhonofilmError
from phonofilm.net.auth.credentials import missing_credential
from phonofilm.sources import get, source_names
from phonofilm.sources.manifest import Manifest
from phonofilm.warehouse.engines.location import display_url, saved_location
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace

_MARKS = {"good": "[green]✓[/]", "off": "[dim]○[/]", "bad": "[red]✗[/]"}


class Check(NamedTuple):
    """One thing looked at; `state` is good, off or bad."""

    state: str
    what: str
    advice: str = ""


def command(
    data: shared.Data = None, config: shared.Config = None, json: shared.Json = False
) -> None:
    """Look at settings, keys, disk and data, and say what to do."""
    settings = load_settings(config)
    folder = shared.folder_of(data, settings)
    checks = [*_machine(settings), *_sources(settings), *_data(folder), *_elsewhere(folder)]
    if json:
        as_json([check._asdict() for check in checks])
        return
    for check in checks:
        out.print(f"{_MARKS[check.state]} {escape(check.what)}", soft_wrap=True)
        for line in check.advice.splitlines():
            out.print(f"    [dim]{escape(line)}[/]", soft_wrap=True)


def _machine(settings: Settings) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("good", f"phonofilm {__version__}, Python {version}, DuckDB {duckdb.__version__}")
    proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    if proxy:
        yield Check("good", "A proxy is set in the environment and will be used")
    file = settings.config if settings.config.exists() else "none (defaults)"
    yield Check("good", f"Settings file: {file}")
    if find_spec("splink") and find_spec("anyascii") and find_spec("pyarrow"):
        yield Check("good", "Matching and field plans: splink is here")
    else:
        advice = "pip install 'phonofilm[match]'"
        yield Check("off", "Matching and field plans: not installed", advice)


def _sources(settings: Settings) -> Iterator[Check]:
    for name in source_names():
        manifest, own = get(name).manifest, settings.source(name)
        missing = list(_missing(manifest, own))
        access = own.access or manifest.default_access
        if missing:
            head = (
                f"in [{name}] of {FILE}, .env or the environment (PHONOFILM_{name.upper()}__...):"
            )
            advice = [head, *missing, f"or try the sandbox: phonofilm sandbox {name}"]
            yield Check("off", f"{manifest.title}: off", "\n".join(advice))
        elif manifest.terms.must_accept:
            text = manifest.access[access].text if access in manifest.access else "unknown level"
            yield Check("good", f"{manifest.title}: on, access {access} ({text})")
        elif not manifest.endpoints:
            yield Check("good", f"{manifest.title}: files, by phonofilm import {name}")
        else:
            has_key = manifest.auth.kind == "key_parameter"
            key = "your client id" if has_key else "no key needed"
            yield Check("good", f"{manifest.title}: ready, {key}")


def _missing(manifest: Manifest, own: SourceSettings) -> Iterator[str]:
    """What the operator still has to say or to get."""
    if manifest.terms.must_accept and not own.accept_terms:
        yield f"read {manifest.terms.url}, then set accept_terms = true"
    if manifest.terms.must_accept and not own.basis:
        yield 'say on what ground: basis = "..."'
    if missing := missing_credential(manifest.auth, own):
        yield missing.advice
    if manifest.auth.contact and not own.contact:
        yield 'say who is asking: contact = "you@example.org"'


def _elsewhere(folder: Workspace) -> Iterator[Check]:
    """The database and the object store, where they are used: one look at each."""
    if url := folder.database or saved_location(folder):
        try:
            open_snapshot(folder).close()
            yield Check("good", f"Warehouse: {display_url(url)}")
        except PhonofilmError as error:
            yield Check("bad", error.happened, error.next_step)
    if url := folder.objects_url:
        try:
            folder.segments().check()
            yield Check("good", f"Landing: {url}")
        except PhonofilmError as error:
            yield Check("bad", error.happened, error.next_step)


def _data(folder: Workspace) -> Iterator[Check]:
    try:
        folder.check()
    except PhonofilmError as error:
        yield Check("bad", error.happened, error.next_step)
        return
    if not folder.root.exists():
        yield Check(
            "off", f"Data folder {folder.root}: not there yet", "It is made by the first crawl."
        )
        return
    free: Any = shutil.disk_usage(folder.root).free / 1e9
    state = "good" if free > 1 else "bad"
    yield Check(state, f"Data folder {folder.root}: {free:,.1f} GB free")
    snapshot = published(folder)
    if folder.database or saved_location(folder):
        return
    if snapshot:
        yield Check("good", f"Warehouse: snapshot {snapshot.stem}")
    else:
        yield Check("off", "Warehouse: none yet", "phonofilm load makes it.")
