"""Send a request of a source: by GET, or as a list of ids in a POST; to its host or another."""

from __future__ import annotations

from phonofilm.net.base import NoResponse, Sender
from phonofilm.sources.contract import Request, Response
from phonofilm.sources.http import HttpSource


async def send(
    source: HttpSource,
    access: str,
    request: Request,
    sender: Sender,
    headers: dict[str, str],
    other_hosts: bool = False,
) -> Response | NoResponse:
    """Send one request.

    With `other_hosts` an endpoint that names a host of its own is requested there, without a key.
    """
    endpoint = source.manifest.endpoints[request.endpoint]
    path, query = source.address(request, access)
    base_url = endpoint.base_url if other_hosts else ""
    signed = {} if base_url else headers
    if endpoint.post:
        return await sender.post(path, {endpoint.post: list(request.ids)}, signed, base_url)
    return await sender.get(path, query, signed, base_url)
