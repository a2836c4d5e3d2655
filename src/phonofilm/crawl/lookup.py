"""Look something up at a source with a request or two; nothing is stored."""

from __future__ import annotations

from phonofilm.config import Settings
from phonofilm.crawl.parking import FolderParking
from phonofilm.crawl.single_request import Refusal, SingleRequests
from phonofilm.errors import StoreError, UsageError
from phonofilm.net.base import NoResponse
from phonofilm.net.origin.origin import Origin
from phonofilm.net.origin.sandbox import open_origin
from phonofilm.net.refusals import no_response_error, refusal_error
from phonofilm.records import Artist, Record
from phonofilm.records.names import are_same_artist_names
from phonofilm.sources import get, sources_with
from phonofilm.sources.contract import Page, Request
from phonofilm.sources.http import HttpSource
from phonofilm.workspace import Workspace


class SourceLookup:
    """Searches and lists of one source, each by a single request."""

    def __init__(self, requests: SingleRequests) -> None:
        self._requests = requests
        self.source = requests.source

    async def page(self, endpoint: str, text: str) -> Page:
        """Return the page of one request. Errors say what the source answered."""
        result = await self._requests.page(Request(endpoint, (text,)))
        if isinstance(result, Page):
            return result
        title = self._requests.source.manifest.title
        if isinstance(result, NoResponse):
            raise no_response_error(result, title)
        raise _error(result, title, self._requests.origin)

    async def artist(self, name: str) -> Artist:
        """Return the artist of a name. Raises UsageError that names near ones."""
        page = await self.page("search_artist", name)
        artists = [record for record in page.records if isinstance(record, Artist)]
        for artist in artists:
            if are_same_artist_names(str(artist.name), name):
                return artist
        near = ", ".join(str(artist.name) for artist in artists[:3])
        raise UsageError(
            f"No artist is called {name!r}.", next_step=f"Near: {near}." if near else ""
        )


def _error(refusal: Refusal, title: str, origin: Origin) -> Exception:
    if refusal.outcome.verdict == "malformed":
        return StoreError(f"{title} answered something else: {refusal.outcome.reason}.")
    return refusal_error(refusal.outcome, title, origin.clock.wall(), what="the search")


async def find(
    folder: Workspace,
    settings: Settings,
    source_name: str,
    at: str | None,
    kind: str,
    text: str,
    artist: str = "",
) -> list[Record]:
    """Search a source for records of a kind; with `artist`, list the records of that artist."""
    source = get(source_name)
    origin = await open_origin(source, settings, at)
    parking = FolderParking(folder, source.manifest, origin.name, origin.clock)
    with parking.obeyed():
        limiter = parking.limiter(origin.budgets)
        async with origin.transport() as transport:
            requests = SingleRequests(source, origin, transport, limiter)
            with parking.counted(requests.sent, origin.budgets):
                page = await _find_page(SourceLookup(requests), kind, text, artist)
    return [record for record in page.records if record.kind == kind]


async def _find_page(lookup: SourceLookup, kind: str, text: str, artist: str) -> Page:
    """Return the page of a search, or of the albums or top tracks of an artist."""
    if not artist:
        return await lookup.page(_search_endpoint(lookup.source, kind), text)
    artist_id = (await lookup.artist(artist)).id
    endpoint = "artist_albums" if kind == "album" else "top_tracks"
    return await lookup.page(endpoint, artist_id)


def _search_endpoint(source: HttpSource, kind: str) -> str:
    endpoint = f"search_{kind}"
    if endpoint not in source.manifest.endpoints:
        raise UsageError(
            f"{source.manifest.title} cannot be searched for {kind}s.",
            next_step=f"Say --source: {', '.join(sources_with(endpoint))}.",
        )
    return endpoint
