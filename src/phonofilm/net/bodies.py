"""Read the body of a response up to a limit, and its headers in the form of our responses."""

from __future__ import annotations

import re

import aiohttp

_CHUNK_BYTES = 65_536
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


async def read_bounded(response: aiohttp.ClientResponse, bytes_max: int) -> bytes | None:
    """Read a body; None when it is longer than `bytes_max`, compressed or unpacked."""
    length = response.content_length
    if length is not None and length > bytes_max:
        return None
    if length is not None and not is_compressed(response):
        return await response.read()
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > bytes_max:
            return None
    return bytes(body)


def is_compressed(response: aiohttp.ClientResponse) -> bool:
    """Tell whether a body unpacks to another size than Content-Length says."""
    return "Content-Encoding" in response.headers


def range_start(response: aiohttp.ClientResponse) -> int | None:
    """Return the offset at which a partial body begins, or None when it is not stated."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def headers_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers with names in lower case; of several Retry-After all, by commas."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.items():
        name = raw_name.lower()
        value = raw_value if raw_value.isascii() else _latin(raw_value)
        if name == "retry-after" and name in headers:
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _latin(value: str) -> str:
    """Return a header's text without the half characters that stand for bytes over 127."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")
