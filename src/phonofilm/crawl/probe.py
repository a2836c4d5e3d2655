"""What a key is really good for: one call per capability, and the access level they amount to."""

from __future__ import annotations

import msgspec

from phonofilm.config import Settings
from phonofilm.crawl.lookup import check_origin_parking
from phonofilm.net.origin import Origin, live_origin, sandbox_origin
from phonofilm.net.send import send
from phonofilm.net.transport import NoResponse, Transport
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed, Request
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import Endpoint
from phonofilm.workspace import Workspace

# A word that every catalogue knows, where a call needs words.
_WORD = "love"


class Probed(msgspec.Struct):
    """One capability: `yes`, `no` (with what the source said), or `not asked` (and why)."""

    call: str
    answer: str
    said: str = ""


class Probe(msgspec.Struct):
    """What the calls say together; `levels` are the access levels that fit all of them."""

    source: str
    configured: str
    levels: list[str]
    calls: int
    found: list[Probed]
    stopped: str = ""


async def probe(folder: Workspace, settings: Settings, name: str, at: str | None) -> Probe:
    """Asks each kind of call once, with ids that earlier answers named; stops at a limit."""
    source = get(name)
    origin = live_origin(source, settings) if at is None else await sandbox_origin(source, at)
    check_origin_parking(folder, source, origin)
    async with Transport(origin.base_url, origin.user_agent, key=origin.key) as transport:
        return await _Prober(source, origin, transport).run()


class _Prober:
    def __init__(self, source: HttpSource, origin: Origin, transport: Transport) -> None:
        self._source, self._origin, self._transport = source, origin, transport
        self._tokens = origin.tokens(transport)
        genres = source.manifest.seed_genres
        self._ids = {"root": "", "genre": genres[0] if genres else "0"}
        self._ids |= dict.fromkeys(("artist_query", "album_query", "track_query"), _WORD)
        self._ids["playlist_query"] = self._ids["genre"] if genres else _WORD
        self._found: dict[str, Probed] = {}
        self._calls = 0
        self._stopped = ""

    async def run(self) -> Probe:
        """Rounds over what was not asked yet, as ids become known."""
        open_calls = self._capabilities()
        while not self._stopped:
            ready = {n: e for n, e in open_calls.items() if e.subject in self._ids}
            if not ready:
                break
            for name in ready:
                del open_calls[name]
                if not self._stopped:
                    self._found[name] = await self._ask(name)
        for name in self._capabilities():
            missing = Probed(name, "not asked", self._stopped or "no id to ask with was found")
            self._found.setdefault(name, missing)
        access = self._origin.access
        found = [self._found[name] for name in self._capabilities()]
        return Probe(
            self._source.manifest.name, access, self._levels(), self._calls, found, self._stopped
        )

    def _capabilities(self) -> dict[str, Endpoint]:
        """One call of each path; searches and lists first, they name the ids."""
        calls = self._source.manifest.endpoints
        once: dict[tuple[str, str], str] = {}
        for name, endpoint in calls.items():
            if (
                endpoint.subject
                and not endpoint.search_only
                and endpoint.subject not in ("word", "slice")
            ):
                once.setdefault((endpoint.path, endpoint.query.get("type", "")), name)
        first = sorted(once.values(), key=lambda n: calls[n].role not in ("search", "seed"))
        return {name: calls[name] for name in first}

    async def _ask(self, name: str) -> Probed:
        request = Request(name, (self._ids[self._source.manifest.endpoints[name].subject],))
        self._calls += 1
        found = await send(
            self._source,
            self._origin.access,
            request,
            self._transport,
            await self._tokens.headers(),
            self._origin.elsewhere,
        )
        if isinstance(found, NoResponse):
            self._stopped = found.detail
            return Probed(name, "not asked", found.kind)
        outcome = self._source.classify(request, found)
        if outcome.verdict in ("throttled", "quota", "bot_wall", "unauthorised"):
            self._stopped = f"{outcome.verdict}: {outcome.reason}"
            return Probed(name, "not asked", self._stopped)
        if outcome.verdict != "answer":
            return Probed(name, "no", f"HTTP {found.status} {outcome.reason}".strip()[:80])
        try:
            page = self._source.parse(request, found)
        except Malformed as error:
            return Probed(name, "no", str(error)[:80])
        for record in page.records:
            self._ids.setdefault(record.kind, record.id)
        for link in page.links:
            self._ids.setdefault(link.kind, link.id)
        return Probed(name, "yes")

    def _levels(self) -> list[str]:
        """Access levels whose calls are exactly those that answered, as far as asked."""
        asked = {n: p.answer == "yes" for n, p in self._found.items() if p.answer != "not asked"}
        manifest = self._source.manifest
        return [
            level
            for level in manifest.access
            if all((level not in manifest.endpoints[n].gone) == yes for n, yes in asked.items())
        ]
