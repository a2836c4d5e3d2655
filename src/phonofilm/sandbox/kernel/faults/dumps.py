"""Faults of dumps and title pages, as seen at IMDb."""

from __future__ import annotations

import gzip
import re

from phonofilm.sandbox.kernel.faults.registry import HTML, dump_fault
from phonofilm.sandbox.kernel.service import Clock, HttpRequest, HttpResponse

_NEXT = re.compile(rb'<script id="__NEXT_DATA__".*?</script>', re.DOTALL)


def _changed(response: HttpResponse, body: bytes) -> HttpResponse:
    """Replace the file under the same name, with validators of its own."""
    headers = {k: v for k, v in response.headers.items() if k not in ("ETag", "Content-Range")}
    return response._replace(body=body, headers=headers | {"ETag": f'"{len(body)}"'})


def _text(response: HttpResponse) -> bytes:
    return gzip.decompress(response.body)


@dump_fault
def dump_cut_gzip(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a gzip file without its last bytes, under a length that fits."""
    return _changed(response, response.body[:-40])


@dump_fault
def dump_other_header(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a dump with one more column."""
    return _changed(response, gzip.compress(_text(response).replace(b"\n", b"\tnewColumn\n", 1)))


@dump_fault
def dump_short_row(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a row that ends too early."""
    head, _, rest = _text(response).partition(b"\n")
    return _changed(response, gzip.compress(head + b"\ntt9999999\tshort\n" + rest))


@dump_fault
def dump_html(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a web page with status 200 instead of the file."""
    page = b"<!DOCTYPE html><html><title>Sorry</title></html>"
    return response._replace(body=page, headers=HTML)


@dump_fault
def dump_shrunk(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a dump without a tenth of its rows."""
    lines = _text(response).split(b"\n")
    return _changed(response, gzip.compress(b"\n".join(lines[: len(lines) * 9 // 10]) + b"\n"))


@dump_fault
def dump_carriage_returns(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send lines that end as on Windows."""
    return _changed(response, gzip.compress(_text(response).replace(b"\n", b"\r\n")))


@dump_fault
def page_without_data(response: HttpResponse, request: HttpRequest, clock: Clock) -> HttpResponse:
    """Send a title page without its __NEXT_DATA__, but with its JSON-LD."""
    return response._replace(body=_NEXT.sub(b"", response.body))


@dump_fault
def page_of_another_kind(
    response: HttpResponse, request: HttpRequest, clock: Clock
) -> HttpResponse:
    """Send a page of a person under a title's address."""
    body = (
        b'<script id="__NEXT_DATA__">{"props":{"pageProps":{}},"page":"/name/[nmconst]"}</script>'
    )
    return response._replace(body=body)
