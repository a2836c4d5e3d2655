"""Land saved responses of a source, and record that run in its frontier."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.imports.saved import LandResult, land_saved
from phonofilm.net.origin.origin import SAVED_RESPONSES
from phonofilm.sources import get
from phonofilm.workspace import Workspace


def land(
    workspace: Workspace, source_name: str, paths: Sequence[Path], keep_names: bool = False
) -> LandResult:
    """Land saved files; the card of an export names the run as it names crawls."""

    def record_run(result: LandResult) -> None:
        _save_run(workspace, result)

    return land_saved(workspace, source_name, paths, record_run, keep_names)


def _save_run(workspace: Workspace, result: LandResult) -> None:
    run = {
        "source": result.source,
        "origin": SAVED_RESPONSES,
        "access": get(result.source).saved_access,
        "status": "done",
        "calls": 0,
        "new_per_call": 0.0,
        "elapsed_s": result.elapsed_s,
        "coverage": {},
        "findings": result.findings,
        "landed": result.landed,
    }
    frontier = open_frontier(workspace.frontier / f"{result.source}.sqlite")
    frontier.history.save_run(result.run, time.time(), json.dumps(run))
    frontier.close()
