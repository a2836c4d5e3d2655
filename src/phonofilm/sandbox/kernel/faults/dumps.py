"""What dumps and title pages do wrong, as seen of IMDb's."""

from __future__ import annotations

import gzip
import re

from phonofilm.sandbox.kernel.faults.registry import HTML, dump_fault
from phonofilm.sandbox.kernel.service import Answer, Clock, HttpRequest

_NEXT = re.compile(rb'<script id="__NEXT_DATA__".*?</script>', re.DOTALL)


def _changed(answer: Answer, body: bytes) -> Answer:
    """Another file under the same name: its validators are its own."""
    headers = {k: v for k, v in answer.headers.items() if k not in ("ETag", "Content-Range")}
    return answer._replace(body=body, headers=headers | {"ETag": f'"{len(body)}"'})


def _text(answer: Answer) -> bytes:
    return gzip.decompress(answer.body)


@dump_fault
def dump_cut_gzip(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A gzip file without its last bytes, under a length that fits."""
    return _changed(answer, answer.body[:-40])


@dump_fault
def dump_other_header(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A column more than yesterday."""
    return _changed(answer, gzip.compress(_text(answer).replace(b"\n", b"\tnewColumn\n", 1)))


@dump_fault
def dump_short_row(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A row that ends too early."""
    head, _, rest = _text(answer).partition(b"\n")
    return _changed(answer, gzip.compress(head + b"\ntt9999999\tshort\n" + rest))


@dump_fault
def dump_html(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A web page with status 200 instead of the file."""
    page = b"<!DOCTYPE html><html><title>Sorry</title></html>"
    return answer._replace(body=page, headers=HTML)


@dump_fault
def dump_shrunk(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A tenth of the rows is gone."""
    lines = _text(answer).split(b"\n")
    return _changed(answer, gzip.compress(b"\n".join(lines[: len(lines) * 9 // 10]) + b"\n"))


@dump_fault
def dump_carriage_returns(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """Lines that end as on Windows."""
    return _changed(answer, gzip.compress(_text(answer).replace(b"\n", b"\r\n")))


@dump_fault
def page_without_data(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A title page without its __NEXT_DATA__; the JSON-LD is there."""
    return answer._replace(body=_NEXT.sub(b"", answer.body))


@dump_fault
def page_of_another_kind(answer: Answer, ask: HttpRequest, clock: Clock) -> Answer:
    """A page of a person under a title's address."""
    body = (
        b'<script id="__NEXT_DATA__">{"props":{"pageProps":{}},"page":"/name/[nmconst]"}</script>'
    )
    return answer._replace(body=body)
