"""Single requests outside of a crawl: nothing is stored, nothing is retried.

A spent budget of hours or days refuses them, as it parks a crawl; short windows do not delay them.
"""

from __future__ import annotations

from typing import NamedTuple

from phonofilm.net.auth.token_server import TokenUnavailableError
from phonofilm.net.base import NoResponse
from phonofilm.net.limiter import WAIT_SECONDS_MAX, Limiter
from phonofilm.net.origin.origin import Origin
from phonofilm.net.send import send
from phonofilm.net.transport import Transport
from phonofilm.sources.contract import Malformed, Outcome, Page, Request, Response
from phonofilm.sources.http import HttpSource


class Refusal(NamedTuple):
    """A refused response, or one that cannot be parsed (verdict `malformed`).

    The status is 0 where a spent budget refused the request, which was not sent.
    """

    status: int
    outcome: Outcome


class SingleRequests:
    """Sends single requests to one origin and parses the responses.

    `sent` are Unix seconds and endpoint of each, as budgets count them.
    """

    def __init__(
        self, source: HttpSource, origin: Origin, transport: Transport, limiter: Limiter
    ) -> None:
        self.source, self.origin = source, origin
        self._transport, self._limiter = transport, limiter
        self._authenticator = origin.authenticator(transport)
        self.sent: list[tuple[float, str]] = []

    async def page(self, request: Request) -> Page | Refusal | NoResponse:
        """Send one request and return its page, or why there is none."""
        response: Response | NoResponse
        seconds = self._limiter.wait(request.endpoint)
        if seconds > WAIT_SECONDS_MAX:
            return Refusal(0, Outcome("quota", "the budget is spent", seconds))
        try:
            headers = await self._authenticator.headers()
            self._limiter.on_sent(request.endpoint)
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
