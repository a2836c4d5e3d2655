"""Probe what a key is good for: one request per capability, and the access level they amount to."""

from __future__ import annotations

import msgspec

from phonofilm.config import Settings
from phonofilm.crawl.parking import FolderParking
from phonofilm.crawl.single_request import Refusal, SingleRequests
from phonofilm.net.base import NoResponse
from phonofilm.net.origin.sandbox import open_origin
from phonofilm.net.refusals import wait_seconds
from phonofilm.sources import get
from phonofilm.sources.contract import Page, Request
from phonofilm.sources.manifest import Endpoint, Manifest
from phonofilm.workspace import Workspace

# A word that every catalogue finds, where a request needs words.
_WORD = "love"
_STOPPING = ("throttled", "quota", "bot_wall", "unauthorised")
_REASON_LENGTH_MAX = 80


class ProbedCapability(msgspec.Struct, kw_only=True):
    """One capability: `yes`, `no` (with the source's own words), or `not asked` (with a reason)."""

    endpoint: str = msgspec.field(name="call")
    answer: str
    reason: str = msgspec.field(name="said", default="")


class ProbeResult(msgspec.Struct, kw_only=True):
    """The capabilities of a key; `levels` are the access levels that fit all of them."""

    source: str
    configured: str
    levels: list[str]
    requests: int = msgspec.field(name="calls")
    capabilities: list[ProbedCapability] = msgspec.field(name="found")
    stopped: str = ""


async def probe(folder: Workspace, settings: Settings, name: str, at: str | None) -> ProbeResult:
    """Request each capability of a source once; stop at a limit."""
    source = get(name)
    origin = await open_origin(source, settings, at)
    parking = FolderParking(folder, source.manifest, origin.name, origin.clock)
    with parking.obeyed():
        limiter = parking.limiter(origin.budgets)
        async with origin.transport() as transport:
            requests = SingleRequests(source, origin, transport, limiter)
            prober = _Prober(requests)
            with parking.counted(requests.sent, origin.budgets):
                result = await prober.run()
    if prober.wait_seconds:
        parking.save(origin.clock.wall() + prober.wait_seconds)
    return result


class _Prober:
    """One probe. Ids of earlier responses serve the requests that need them.

    `wait_seconds` is the pause that the source asked for, 0 for none.
    """

    def __init__(self, requests: SingleRequests) -> None:
        self._requests, self._manifest = requests, requests.source.manifest
        self._ids = _first_ids(self._manifest)
        self._capabilities: dict[str, ProbedCapability] = {}
        self._count = 0
        self._stopped = ""
        self.wait_seconds = 0.0

    async def run(self) -> ProbeResult:
        """Request what is possible in rounds, as ids become known."""
        endpoints = _capabilities(self._manifest)
        waiting = dict(endpoints)
        while not self._stopped:
            ready = [name for name, endpoint in waiting.items() if endpoint.subject in self._ids]
            if not ready:
                break
            for name in ready:
                del waiting[name]
                if not self._stopped:
                    self._capabilities[name] = await self._probe(name)
        return self._result(list(endpoints))

    async def _probe(self, name: str) -> ProbedCapability:
        subject = self._manifest.endpoints[name].subject
        self._count += 1
        result = await self._requests.page(Request(name, (self._ids[subject],)))
        if isinstance(result, Page):
            self._remember_ids(result)
            return ProbedCapability(endpoint=name, answer="yes")
        if isinstance(result, NoResponse):
            self._stopped = result.detail
            return ProbedCapability(endpoint=name, answer="not asked", reason=result.kind)
        return self._refused(name, result)

    def _refused(self, name: str, refusal: Refusal) -> ProbedCapability:
        verdict, reason = refusal.outcome.verdict, refusal.outcome.reason
        if verdict in _STOPPING:
            self._stopped = f"{verdict}: {reason}"
            self.wait_seconds = wait_seconds(refusal.outcome)
            return ProbedCapability(endpoint=name, answer="not asked", reason=self._stopped)
        if verdict != "malformed":
            reason = f"HTTP {refusal.status} {reason}".strip()
        return ProbedCapability(endpoint=name, answer="no", reason=reason[:_REASON_LENGTH_MAX])

    def _remember_ids(self, page: Page) -> None:
        for record in page.records:
            self._ids.setdefault(record.kind, record.id)
        for link in page.links:
            self._ids.setdefault(link.kind, link.id)

    def _result(self, endpoints: list[str]) -> ProbeResult:
        for name in endpoints:
            if name not in self._capabilities:
                reason = self._stopped or "no id to ask with was found"
                self._capabilities[name] = ProbedCapability(
                    endpoint=name, answer="not asked", reason=reason
                )
        return ProbeResult(
            source=self._manifest.name,
            configured=self._requests.origin.access,
            levels=self._levels(),
            requests=self._count,
            capabilities=[self._capabilities[name] for name in endpoints],
            stopped=self._stopped,
        )

    def _levels(self) -> list[str]:
        """Return the access levels whose endpoints are exactly those that answered."""
        probed = [c for c in self._capabilities.values() if c.answer != "not asked"]
        return [
            level
            for level in self._manifest.access
            if all(self._has(level, c.endpoint) == (c.answer == "yes") for c in probed)
        ]

    def _has(self, level: str, endpoint: str) -> bool:
        return level not in self._manifest.endpoints[endpoint].gone


def _first_ids(manifest: Manifest) -> dict[str, str]:
    """Return ids by kind of node that are known before any response."""
    genres = manifest.seed_genres
    ids = {"root": "", "genre": genres[0] if genres else "0"}
    ids |= dict.fromkeys(("artist_query", "album_query", "track_query"), _WORD)
    ids["playlist_query"] = ids["genre"] if genres else _WORD
    return ids


def _capabilities(manifest: Manifest) -> dict[str, Endpoint]:
    """Return one endpoint per path; searches and lists first, because they name ids."""
    by_path: dict[tuple[str, str], str] = {}
    for name, endpoint in manifest.endpoints.items():
        is_probed = endpoint.subject and not endpoint.search_only
        if is_probed and endpoint.subject not in ("word", "slice"):
            by_path.setdefault((endpoint.path, endpoint.query.get("type", "")), name)
    endpoints = manifest.endpoints
    names = sorted(by_path.values(), key=lambda n: endpoints[n].role not in ("search", "seed"))
    return {name: endpoints[name] for name in names}
