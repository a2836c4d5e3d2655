"""`phonofilm doctor`: check settings, keys, disk and data."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import duckdb
import msgspec

from phonofilm.about import __version__
from phonofilm.cli import options as shared
from phonofilm.cli.console import print_json, say
from phonofilm.config import FILE, Settings, SourceSettings, load_settings
from phonofilm.errors import PhonofilmError
from phonofilm.net.auth.credentials import missing_credential
from phonofilm.sources import get, source_names
from phonofilm.sources.manifest import Manifest
from phonofilm.warehouse.engines.location import display_url, saved_location
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace

_MARKS = {"good": ("✓", "green"), "off": ("○", "dim"), "bad": ("✗", "red")}
# Chosen, not tuned: a crawl of a day fits into it.
_FREE_GB_MIN = 1.0


class Check(msgspec.Struct):
    """Result of one check: `state` is good, off or bad, `advice` the lines of what to do."""

    state: str
    finding: str = msgspec.field(name="what")
    advice: str = ""


def command(
    data: shared.Data = None, config: shared.Config = None, json: shared.Json = False
) -> None:
    """Look at settings, keys, disk and data, and say what to do."""
    settings = load_settings(config)
    workspace = shared.open_workspace(data, settings)
    checks = [
        *_check_machine(settings),
        *(_check_source(name, settings) for name in source_names()),
        *_check_data_folder(workspace),
        *_check_stores(workspace),
    ]
    if json:
        print_json(checks)
        return
    for check in checks:
        say(_MARKS[check.state], f" {check.finding}")
        for line in check.advice.splitlines():
            say((f"    {line}", "dim"))


def _check_machine(settings: Settings) -> Iterator[Check]:
    """Check versions, the proxy, the settings file and the extra for matching."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("good", f"phonofilm {__version__}, Python {version}, DuckDB {duckdb.__version__}")
    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        yield Check("good", "A proxy is set in the environment and will be used")
    file = settings.config if settings.config.exists() else "none (defaults)"
    yield Check("good", f"Settings file: {file}")
    if find_spec("splink") and find_spec("pyarrow"):
        yield Check("good", "Matching and field plans: splink is here")
    else:
        advice = "pip install 'phonofilm[match]'"
        yield Check("off", "Matching and field plans: not installed", advice)


def _check_source(name: str, settings: Settings) -> Check:
    """Check whether a source can be used, and list the settings that are missing."""
    manifest, source_settings = get(name).manifest, settings.source(name)
    missing = list(_missing_settings(manifest, source_settings))
    access = source_settings.access or manifest.default_access
    if missing:
        head = f"in [{name}] of {FILE}, .env or the environment (PHONOFILM_{name.upper()}__...):"
        advice = [head, *missing, f"or try the sandbox: phonofilm sandbox {name}"]
        return Check("off", f"{manifest.title}: off", "\n".join(advice))
    if manifest.terms.must_accept:
        text = manifest.access[access].text if access in manifest.access else "unknown level"
        return Check("good", f"{manifest.title}: on, access {access} ({text})")
    if not manifest.endpoints:
        return Check("good", f"{manifest.title}: files, by phonofilm import {name}")
    key = "your client id" if manifest.auth.kind == "key_parameter" else "no key needed"
    return Check("good", f"{manifest.title}: ready, {key}")


def _missing_settings(manifest: Manifest, settings: SourceSettings) -> Iterator[str]:
    """Yield what the operator still has to accept, to state or to get."""
    if manifest.terms.must_accept and not settings.accept_terms:
        yield f"read {manifest.terms.url}, then set accept_terms = true"
    if manifest.terms.must_accept and not settings.basis:
        yield 'say on what ground: basis = "..."'
    if missing := missing_credential(manifest.auth, settings):
        yield missing.advice
    if manifest.auth.contact and not settings.contact:
        yield 'say who is asking: contact = "you@example.org"'


def _check_stores(workspace: Workspace) -> Iterator[Check]:
    """Check that the database and the object store can be read, where they are used."""
    if url := workspace.database or saved_location(workspace):
        try:
            open_snapshot(workspace).close()
            yield Check("good", f"Warehouse: {display_url(url)}")
        except PhonofilmError as error:
            yield Check("bad", error.happened, error.next_step)
    if url := workspace.objects_url:
        try:
            workspace.segments().check()
            yield Check("good", f"Landing: {url}")
        except PhonofilmError as error:
            yield Check("bad", error.happened, error.next_step)


def _check_data_folder(workspace: Workspace) -> Iterator[Check]:
    """Check the folder's version, its free disk space and its own warehouse."""
    try:
        workspace.check()
    except PhonofilmError as error:
        yield Check("bad", error.happened, error.next_step)
        return
    root = workspace.root
    if not root.exists():
        yield Check("off", f"Data folder {root}: not there yet", "It is made by the first crawl.")
        return
    free_gb = shutil.disk_usage(root).free / 1e9
    state = "good" if free_gb > _FREE_GB_MIN else "bad"
    yield Check(state, f"Data folder {root}: {free_gb:,.1f} GB free")
    if workspace.database or saved_location(workspace):
        return
    snapshot = published(workspace)
    if snapshot:
        yield Check("good", f"Warehouse: snapshot {snapshot.stem}")
    else:
        yield Check("off", "Warehouse: none yet", "phonofilm load makes it.")
