"""Lands answers that somebody saved: pages in folders, and WARC files."""

from __future__ import annotations

import contextlib
import gzip
import json
import secrets
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from phonofilm.config import hash_key
from phonofilm.crawl.frontier.sqlite import SqliteFrontier
from phonofilm.errors import ConfigurationError, UsageError
from phonofilm.landing.envelope import RunInfo, wrap
from phonofilm.landing.journal import Journal
from phonofilm.landing.segments import body_hashes, seal_log
from phonofilm.net.transport import BODY_BYTES_MAX
from phonofilm.privacy.erased import ErasedPeople
from phonofilm.privacy.pseudonyms import pseudonymise
from phonofilm.sources import get
from phonofilm.sources.contract import ODD_ANSWERS, Response
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import FolderLock, Workspace

_PAGES = (".html", ".htm", ".json")
_WARCS = (".warc", ".warc.gz")
_ENOUGH = 256


class Saved(NamedTuple):
    """An answer that somebody saved; `at` is Unix seconds."""

    name: str
    response: Response
    at: float


class LandResult(msgspec.Struct):
    """What was landed; `passed_over` counts reasons, each with an example in `findings`."""

    source: str
    run: str
    landed: int
    already: int
    passed_over: dict[str, int]
    findings: list[dict[str, Any]]
    elapsed_s: float


def land(
    folder: Workspace, source_name: str, paths: Sequence[Path], keep_names: bool = False
) -> LandResult:
    """Lands what is new of files, folders and WARCs; what is no answer of the source is told.

    People's names in it are replaced by keyed hashes unless `keep_names`.
    A cut-off run promised nothing: its log is removed and the files are read again.
    """
    source, began = get(source_name), time.monotonic()
    if not source.saved_endpoint:
        raise UsageError(f"Saved answers of {source.manifest.title} are not read.")
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise UsageError(f"There is no {missing[0]}.", next_step="Check the paths.")
    folder.open()
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    with FolderLock(folder, f"landing of saved answers of {source_name}"):
        for left in folder.logs.glob(f"{source_name}-saved-*.ndjson"):
            left.unlink()
        work = _Landing(folder, source, run, None if keep_names else hash_key())
        work.take(_saved(paths))
        result = work.result(time.monotonic() - began)
        _keep_run(folder, source, result)
        folder.segments().ship()
    return result


class _Landing:
    """One run."""

    def __init__(self, folder: Workspace, source: HttpSource, run: str, key: bytes | None) -> None:
        self._folder, self._source, self._run, self._key = folder, source, run, key
        name = source.manifest.name
        self._known = body_hashes(folder.segments().paths(name))
        self._gone = ErasedPeople.load(folder.root, get(name).manifest, hash_key)
        self._stamp = RunInfo(name, source.saved_access, source.manifest.terms.version, run)
        self._passed: Counter[str] = Counter()
        self._odd: dict[str, tuple[int, str]] = {}
        self.landed = self.already = 0

    def take(self, saved: Iterator[Saved | tuple[str, str]]) -> None:
        """Seals what the source recognises."""
        path = self._folder.logs / f"{self._stamp.source}-saved-{self._run}.ndjson"
        log = Journal(path)
        for number, one in enumerate(saved):
            if isinstance(one, Saved):
                self._one(log, number, one)
            else:
                self._pass_over(*one)
            if number % _ENOUGH == 0:
                log.write()
        log.write()
        log.close()
        if self.landed:
            seal_log(path, self._folder.landing)
        path.unlink()

    def _one(self, log: Journal, number: int, saved: Saved) -> None:
        outcome = self._source.classify_saved(saved.response)
        if outcome.verdict != "answer":
            self._pass_over(outcome.verdict, f"{saved.name}: {outcome.reason}")
            return
        try:
            response = self._source.strip(saved.response)
            request = self._source.identify(response)
            page = self._source.parse(request, response)
        except ODD_ANSWERS as error:
            self._pass_over("another_page", f"{saved.name}: {error}")
            return
        at = min(saved.at, time.time())  # a clock that ran ahead is no reason to be newest for ever
        if self._gone is not None:
            response = response._replace(body=self._gone.remove_from(response.body) or b"{}")
        personal = self._source.manifest.endpoints[request.endpoint].personal
        if personal and self._key is not None:
            kept = pseudonymise(response.body, personal, self._key)
            response = response._replace(body=kept)
        envelope = wrap(self._stamp, number, request, response, int(at * 1e6))
        if envelope.sha256 in self._known:
            self.already += 1
            return
        self._known.add(envelope.sha256)
        log.add(envelope)
        self.landed += 1
        for finding in page.findings:
            self._find(finding.kind, f"{saved.name}: {finding.detail}")

    def _pass_over(self, reason: str, example: str) -> None:
        self._passed[reason] += 1
        self._find(reason, example)

    def _find(self, kind: str, example: str) -> None:
        count, first = self._odd.get(kind, (0, example))
        self._odd[kind] = count + 1, first

    def result(self, elapsed: float) -> LandResult:
        """What was done."""
        findings = [
            {"kind": kind, "count": count, "where": {"saved": count}, "example": example}
            for kind, (count, example) in self._odd.items()
        ]
        return LandResult(
            self._stamp.source,
            self._run,
            self.landed,
            self.already,
            dict(self._passed),
            findings,
            round(elapsed, 3),
        )


def _keep_run(folder: Workspace, source: HttpSource, result: LandResult) -> None:
    """A landing is a run: the card tells where rows come from."""
    frontier = SqliteFrontier(folder.frontier / f"{source.manifest.name}.sqlite")
    told = {
        "source": result.source,
        "origin": "saved answers",
        "access": source.saved_access,
        "status": "done",
        "calls": 0,
        "new_per_call": 0.0,
        "elapsed_s": result.elapsed_s,
        "coverage": {},
        "findings": result.findings,
        "landed": result.landed,
    }
    frontier.save_run(result.run, time.time(), json.dumps(told))
    frontier.close()


def _saved(paths: Sequence[Path]) -> Iterator[Saved | tuple[str, str]]:
    """What lies in files and folders, in the order of their names."""
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in inside:
            name = file.name.lower()
            if name.endswith(_WARCS):
                yield from _from_warc(file)
            elif name.removesuffix(".gz").endswith(_PAGES):
                yield _from_file(file)
            elif not path.is_dir():
                yield "unknown_file", f"{file.name}: neither a page nor a WARC"


def _from_file(file: Path) -> Saved | tuple[str, str]:
    try:
        with file.open("rb") as opened:
            packed = opened.read(2) == b"\x1f\x8b"
            opened.seek(0)
            stream = gzip.GzipFile(fileobj=opened) if packed else opened
            body = stream.read(BODY_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        return "unreadable", f"{file.name}: {error}"
    if len(body) > BODY_BYTES_MAX:
        return "too_large", f"{file.name}: over {BODY_BYTES_MAX >> 20} MiB"
    kind = "application/json" if ".json" in file.name.lower() else "text/html"
    response = Response(200, {"content-type": kind}, body, file.resolve().as_uri())
    # A path may name its owner; where a page came from is in the page.
    return Saved(file.name, response._replace(url=file.name), file.stat().st_mtime)


def _from_warc(file: Path) -> Iterator[Saved | tuple[str, str]]:
    """The responses of a WARC, with the statuses and dates they had."""
    try:
        from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415 - an extra
        from warcio.exceptions import ArchiveLoadFailed  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "Reading WARC files needs warcio.",
            next_step="Install it: pip install 'phonofilm[warc]'",
        ) from None
    with file.open("rb") as opened:
        try:
            for record in ArchiveIterator(opened):
                if record.rec_type == "response" and record.http_headers is not None:
                    yield _record(file, record)
        except (ArchiveLoadFailed, EOFError, OSError) as error:
            yield "unreadable", f"{file.name}: {error}"


def _record(file: Path, record: Any) -> Saved | tuple[str, str]:
    url = str(record.rec_headers.get_header("WARC-Target-URI") or "")
    body = record.content_stream().read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return "too_large", f"{url}: over {BODY_BYTES_MAX >> 20} MiB"
    at = file.stat().st_mtime
    with contextlib.suppress(ValueError, TypeError):
        told = record.rec_headers.get_header("WARC-Date").replace("Z", "+00:00")
        at = datetime.fromisoformat(told).timestamp()
    headers = {name.lower(): value for name, value in record.http_headers.headers}
    status = int(record.http_headers.get_statuscode() or 0)
    return Saved(url, Response(status, headers, body, url), at)
