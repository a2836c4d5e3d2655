"""A look into a source: one search, nothing kept."""

from __future__ import annotations

from phonofilm.config import Settings
from phonofilm.crawl.frontier.sqlite import SqliteFrontier
from phonofilm.crawl.parking import check_parking
from phonofilm.errors import ParkedError, StoreError, UsageError
from phonofilm.net.origin import Origin, live_origin, sandbox_origin
from phonofilm.net.send import send
from phonofilm.net.transport import NoResponse, Transport
from phonofilm.records import Artist, Record
from phonofilm.records.names import plain_name
from phonofilm.sources import get, sources_with
from phonofilm.sources.contract import Malformed, Page, Request
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import Workspace


class SourceLookup:
    """Asks a source a few things on the spot; a parked source is not asked."""

    def __init__(self, source: HttpSource, origin: Origin, transport: Transport) -> None:
        self._source, self._origin, self._transport = source, origin, transport
        self._tokens = origin.tokens(transport)

    async def ask(self, endpoint: str, text: str) -> Page:
        """One call; errors say what the source answered."""
        request = Request(endpoint, (text,))
        found = await send(
            self._source,
            self._origin.access,
            request,
            self._transport,
            await self._tokens.headers(),
            self._origin.elsewhere,
        )
        title = self._source.manifest.title
        if isinstance(found, NoResponse):
            raise StoreError(
                f"{title} does not answer: {found.detail}.", next_step="Try again later."
            )
        outcome = self._source.classify(request, found)
        if outcome.verdict in ("throttled", "quota"):
            wait = outcome.retry_after_seconds or 30.0
            raise ParkedError(
                f"{title} asks to wait {wait:.0f} s.", resume_at=self._origin.clock.wall() + wait
            )
        if outcome.verdict != "answer":
            raise StoreError(f"{title} refuses the search: {outcome.reason or outcome.verdict}.")
        try:
            return self._source.parse(request, found)
        except Malformed as error:
            raise StoreError(f"{title} answered something else: {error}.") from None

    async def artist(self, name: str) -> Artist:
        """The artist of a name; UsageError with near ones."""
        people = [
            r for r in (await self.ask("search_artist", name)).records if isinstance(r, Artist)
        ]
        for person in people:
            if plain_name(str(person.name)) == plain_name(name):
                return person
        near = ", ".join(str(person.name) for person in people[:3])
        raise UsageError(
            f"No artist is called {name!r}.", next_step=f"Near: {near}." if near else ""
        )


def check_origin_parking(folder: Workspace, source: HttpSource, origin: Origin) -> None:
    """A parked source is not asked, by whatever verb; ParkedError with the minute of return."""
    path = folder.frontier / f"{source.manifest.name}.sqlite"
    if path.exists():
        frontier = SqliteFrontier(path)
        try:
            if frontier.meta("origin") == origin.name:
                check_parking(frontier, origin, source)
        finally:
            frontier.close()


async def find(
    folder: Workspace,
    settings: Settings,
    source_name: str,
    at: str | None,
    kind: str,
    words: str,
    artist: str = "",
) -> list[Record]:
    """What a source finds; with `artist`, the albums of that artist."""
    source = get(source_name)
    origin = live_origin(source, settings) if at is None else await sandbox_origin(source, at)
    check_origin_parking(folder, source, origin)
    async with Transport(origin.base_url, origin.user_agent, key=origin.key) as transport:
        looker = SourceLookup(source, origin, transport)
        if artist:
            person = await looker.artist(artist)
            page = await looker.ask("artist_albums" if kind == "album" else "top_tracks", person.id)
        else:
            if f"search_{kind}" not in source.manifest.endpoints:
                raise UsageError(
                    f"{source.manifest.title} cannot be searched for {kind}s.",
                    next_step=f"Say --source: {', '.join(sources_with(f'search_{kind}'))}.",
                )
            page = await looker.ask(f"search_{kind}", words)
    return [record for record in page.records if record.kind == kind]
