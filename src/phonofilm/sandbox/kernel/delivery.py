"""Send a response over the wire: whole, late, slowly, cut, or not at all."""

from __future__ import annotations

import asyncio

from aiohttp import web

from phonofilm.sandbox.kernel.service import HttpResponse, Wire

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_LATE_SECONDS, _DROP_SECONDS, _DROP_BYTES = 0.5, 0.25, 8


async def deliver(request: web.BaseRequest, response: HttpResponse) -> web.StreamResponse:
    """Send a response as its `wire` says: whole, late, slowly, cut, or not at all."""
    headers = _JSON | response.headers
    if response.wire is Wire.LATE:
        await asyncio.sleep(_LATE_SECONDS)
    elif response.wire is Wire.HANG:
        await asyncio.sleep(3600)
    elif response.wire in (Wire.RESET, Wire.GONE):
        _hang_up(request)
        return web.Response(status=500)
    elif response.wire in (Wire.DRIP, Wire.CUT):
        return await _in_parts(request, response, headers)
    return web.Response(body=response.body, status=response.status, headers=headers)


async def _in_parts(
    request: web.BaseRequest, response: HttpResponse, headers: dict[str, str]
) -> web.StreamResponse:
    sized = headers | {"Content-Length": str(len(response.body))}
    stream = web.StreamResponse(status=response.status, headers=sized)
    await stream.prepare(request)
    if response.wire is Wire.CUT:
        await stream.write(response.body[: len(response.body) // 2])
        _hang_up(request)
        return stream
    try:
        for start in range(0, len(response.body), _DROP_BYTES):
            await stream.write(response.body[start : start + _DROP_BYTES])
            await asyncio.sleep(_DROP_SECONDS)
    except ConnectionError:  # the other side did not want to wait
        return stream
    return stream


def _hang_up(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()
