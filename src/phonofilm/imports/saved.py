"""Land responses that were saved: pages in folders, and WARC files."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from phonofilm.errors import UsageError
from phonofilm.imports.saved_files import SavedResponse, UnreadableFile, read_saved
from phonofilm.landing.envelope import RunInfo, new_run_id, wrap
from phonofilm.landing.journal import Journal
from phonofilm.landing.segments import body_hashes, seal_log
from phonofilm.privacy.erased import ErasedPeople
from phonofilm.privacy.names_key import NameHasher, names_key
from phonofilm.sources import get
from phonofilm.sources.contract import ODD_RESPONSES, Response
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import LANDING, FolderLock, Workspace

# Responses between two writes of the log. Chosen, not tuned.
_WRITE_EVERY = 256

RecordRun = Callable[["LandResult"], None]
"""Stores the run of a landing, so that the card of an export names it."""


class LandResult(msgspec.Struct, kw_only=True):
    """What a run landed; `already` were in the landing.

    `passed_over` counts reasons for what was not landed, each with an example in `findings`.
    """

    source: str
    run: str
    landed: int
    already: int
    passed_over: dict[str, int]
    findings: list[dict[str, Any]]
    elapsed_s: float


def land_saved(
    workspace: Workspace,
    source_name: str,
    paths: Sequence[Path],
    record_run: RecordRun,
    keep_names: bool = False,
) -> LandResult:
    """Land what is new of files, folders and WARCs; what is no response of the source is counted.

    People's names are replaced by keyed hashes unless `keep_names`. A run that is cut off promises
    nothing: the next one removes its log and reads the files again.
    """
    source, started = get(source_name), time.monotonic()
    if not source.saved_endpoint:
        raise UsageError(f"Saved answers of {source.manifest.title} are not read.")
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise UsageError(f"There is no {missing[0]}.", next_step="Check the paths.")
    workspace.open()
    with FolderLock(workspace, f"landing of saved answers of {source_name}", LANDING):
        for log in workspace.logs.glob(f"{source_name}-saved-*.ndjson"):
            log.unlink()
        landing = _Landing(workspace, source, keep_names)
        landing.land(read_saved(paths))
        result = landing.result(time.monotonic() - started)
        record_run(result)
        workspace.segments().ship()
    return result


class _Landing:
    """One run."""

    def __init__(self, workspace: Workspace, source: HttpSource, keep_names: bool) -> None:
        manifest = source.manifest
        self._workspace, self._source = workspace, source
        hashes_names = manifest.names_people and not keep_names
        self._names = NameHasher(workspace) if hashes_names else None
        self._hashes = body_hashes(workspace.segments().paths(manifest.name))
        self._erased = ErasedPeople.load(workspace.root, manifest, partial(names_key, workspace))
        self._info = RunInfo(
            source=manifest.name,
            access=source.saved_access,
            terms=manifest.terms.version,
            run=new_run_id(time.time()),
        )
        self._passed_over: Counter[str] = Counter()
        self._findings: dict[str, tuple[int, str]] = {}
        self._landed = self._already = 0

    def land(self, saved: Iterable[SavedResponse | UnreadableFile]) -> None:
        """Land the responses that the source recognises, and seal them."""
        path = self._workspace.logs / f"{self._info.source}-saved-{self._info.run}.ndjson"
        log = Journal(path)
        for number, response in enumerate(saved):
            if isinstance(response, SavedResponse):
                self._land_response(log, number, response)
            else:
                self._pass_over(response.reason, response.detail)
            if number % _WRITE_EVERY == 0:
                log.write()
        log.write()
        log.close()
        if self._landed:
            seal_log(path, self._workspace.landing)
        path.unlink()

    def _land_response(self, log: Journal, number: int, saved: SavedResponse) -> None:
        outcome = self._source.classify_saved(saved.response)
        if outcome.verdict != "answer":
            self._pass_over(outcome.verdict, f"{saved.name}: {outcome.reason}")
            return
        try:
            response = self._source.strip(saved.response)
            request = self._source.identify(response)
            page = self._source.parse(request, response)
        except ODD_RESPONSES as error:
            self._pass_over("another_page", f"{saved.name}: {error}")
            return
        response = self._without_people(request.endpoint, response)
        fetched_at = int(min(saved.saved_at, time.time()) * 1e6)  # a clock may have run ahead
        envelope = wrap(self._info, number, request, response, fetched_at)
        if envelope.sha256 in self._hashes:
            self._already += 1
            return
        self._hashes.add(envelope.sha256)
        log.add(envelope)
        self._landed += 1
        for finding in page.findings:
            self._add_finding(finding.kind, f"{saved.name}: {finding.detail}")

    def _without_people(self, endpoint: str, response: Response) -> Response:
        """Remove people who were erased, and replace the names of others."""
        if self._erased is not None:
            response = response._replace(body=self._erased.remove_from(response.body) or b"{}")
        personal = self._source.manifest.endpoints[endpoint].personal
        if personal and self._names is not None:
            response = response._replace(body=self._names.hide(response.body, personal))
        return response

    def _pass_over(self, reason: str, example: str) -> None:
        self._passed_over[reason] += 1
        self._add_finding(reason, example)

    def _add_finding(self, kind: str, example: str) -> None:
        count, first = self._findings.get(kind, (0, example))
        self._findings[kind] = count + 1, first

    def result(self, elapsed_seconds: float) -> LandResult:
        """Return what was landed so far."""
        findings = [
            {"kind": kind, "count": count, "where": {"saved": count}, "example": example}
            for kind, (count, example) in self._findings.items()
        ]
        return LandResult(
            source=self._info.source,
            run=self._info.run,
            landed=self._landed,
            already=self._already,
            passed_over=dict(self._passed_over),
            findings=findings,
            elapsed_s=round(elapsed_seconds, 3),
        )
