"""How a request goes out: by GET or as a list of ids in a body, to the source or a host of its."""

from __future__ import annotations

from phonofilm.net.base import Sender
from phonofilm.net.transport import NoResponse
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.http import HttpSource


async def send(
    source: HttpSource,
    access: str,
    request: Request,
    sender: Sender,
    headers: dict[str, str],
    elsewhere: bool = False,
) -> Response | NoResponse:
    """One call. `elsewhere`: calls that another host answers go there, and without a key."""
    endpoint = source.manifest.endpoints[request.endpoint]
    path, query = source.address(request, access)
    other = {"base_url": endpoint.base_url} if elsewhere and endpoint.base_url else {}
    told = {} if other else headers
    if endpoint.post:
        return await sender.post(path, {endpoint.post: list(request.ids)}, told, **other)
    return await sender.get(path, query, told, **other)
