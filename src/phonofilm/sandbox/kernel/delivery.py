"""How an answer goes over the wire: well, late, in drops, cut, or not at all."""

from __future__ import annotations

import asyncio

from aiohttp import web

from phonofilm.sandbox.kernel.service import Answer, Wire

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_LATE_SECONDS, _DROP_SECONDS, _DROP_BYTES = 0.5, 0.25, 8


async def deliver(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Sends an answer as its `wire` says."""
    headers = _JSON | answer.headers
    if answer.wire is Wire.LATE:
        await asyncio.sleep(_LATE_SECONDS)
    elif answer.wire is Wire.HANG:
        await asyncio.sleep(3600)
    elif answer.wire in (Wire.RESET, Wire.GONE):
        _hang_up(request)
        return web.Response(status=500)
    elif answer.wire in (Wire.DRIP, Wire.CUT):
        return await _in_parts(request, answer, headers)
    return web.Response(body=answer.body, status=answer.status, headers=headers)


async def _in_parts(
    request: web.BaseRequest, answer: Answer, headers: dict[str, str]
) -> web.StreamResponse:
    told = headers | {"Content-Length": str(len(answer.body))}
    response = web.StreamResponse(status=answer.status, headers=told)
    await response.prepare(request)
    if answer.wire is Wire.CUT:
        await response.write(answer.body[: len(answer.body) // 2])
        _hang_up(request)
        return response
    try:
        for start in range(0, len(answer.body), _DROP_BYTES):
            await response.write(answer.body[start : start + _DROP_BYTES])
            await asyncio.sleep(_DROP_SECONDS)
    except ConnectionError:  # the other side did not want to wait
        return response
    return response


def _hang_up(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()
