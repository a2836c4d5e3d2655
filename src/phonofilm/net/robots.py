"""robots.txt, read before pages: what it forbids is not asked, whoever consented."""

from __future__ import annotations

from protego import Protego

from phonofilm.errors import BotWallError, StoreError
from phonofilm.net.transport import NoResponse, Transport
from phonofilm.sources.classify import classify_http


class Robots:
    """What a host allows a robot of our name."""

    def __init__(self, rules: Protego, agent: str) -> None:
        self._rules, self._agent = rules, agent

    def allows(self, url: str) -> bool:
        """Whether an address may be asked."""
        return bool(self._rules.can_fetch(url, self._agent))


async def robots_of(transport: Transport, agent: str) -> Robots:
    """Reads the file; a host without one allows everything, a failing one nothing (RFC 9309)."""
    found = await transport.get("/robots.txt", {}, {})
    if isinstance(found, NoResponse) or found.status >= 500:
        raise StoreError(
            f"{transport.base_url}/robots.txt does not answer; until it does, nothing is asked."
        )
    if classify_http(found).verdict == "bot_wall" or found.status == 202:
        raise BotWallError(f"{transport.base_url} asks for a browser; it is left alone.")
    text = found.body.decode("utf-8", "replace") if found.status == 200 else ""
    return Robots(Protego.parse(text), agent)
