"""Read robots.txt before pages: what it forbids is not requested, even with a consent."""

from __future__ import annotations

from protego import Protego

from phonofilm.errors import UnavailableError
from phonofilm.net.base import NoResponse
from phonofilm.net.refusals import classify_document, refusal_error
from phonofilm.net.transport import Transport


class Robots:
    """What the robots.txt of a host allows one user agent."""

    def __init__(self, rules: Protego, agent: str) -> None:
        self._rules, self._agent = rules, agent

    def allows(self, url: str) -> bool:
        """Tell whether an address may be requested."""
        return bool(self._rules.can_fetch(url, self._agent))


async def robots_of(transport: Transport, agent: str, now: float) -> Robots:
    """Read robots.txt; a host without one allows everything, a failing one nothing (RFC 9309).

    `now` is Unix seconds. Raises UnavailableError, ParkedError or
    BotWallError.
    """
    response = await transport.get("/robots.txt", {}, {})
    if isinstance(response, NoResponse) or response.status >= 500:
        raise UnavailableError(
            f"{transport.base_url}/robots.txt does not answer; until it does, nothing is asked."
        )
    outcome = classify_document(response)
    if outcome.verdict in ("bot_wall", "throttled", "quota"):
        raise refusal_error(outcome, transport.base_url, now)
    text = response.body.decode("utf-8", "replace") if response.status == 200 else ""
    return Robots(Protego.parse(text), agent)
