"""Single requests outside of a crawl: nothing is stored, nothing is retried."""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.net.auth.token_server import TokenUnavailableError
from phonofilm.net.base import NoResponse
from phonofilm.net.origin.origin import Origin
from phonofilm.net.send import send
from phonofilm.net.transport import Transport
from phonofilm.sources.contract import Malformed, Outcome, Page, Request, Response
from phonofilm.sources.http import HttpSource


class Refusal(NamedTuple):
    """A refused response, or one that cannot be parsed (verdict `malformed`)."""

    status: int
    outcome: Outcome


class SingleRequests:
    """Sends single requests to one origin and parses the responses.

    `sent` are Unix seconds and endpoint of each, as budgets count them.
    """

    def __init__(self, source: HttpSource, origin: Origin, transport: Transport) -> None:
        self.source, self.origin = source, origin
        self._transport = transport
        self._authenticator = origin.authenticator(transport)
        self.sent: list[tuple[float, str]] = []

    async def page(self, request: Request) -> Page | Refusal | NoResponse:
        """Send one request and return its page, or why there is none."""
        response: Response | NoResponse
        try:
            headers = await self._authenticator.headers()
            self.sent.append((self.origin.clock.wall(), request.endpoint))
            response = await send(
                self.source,
                self.origin.access,
                request,
                self._transport,
                headers,
                self.origin.other_hosts,
            )
        except TokenUnavailableError as error:
            response = error.received
        if isinstance(response, NoResponse):
            return response
        outcome = self.source.classify(request, response)
        if outcome.verdict != "answer":
            return Refusal(response.status, outcome)
        try:
            return self.source.parse(request, response)
        except Malformed as error:
            return Refusal(response.status, Outcome("malformed", str(error)))
