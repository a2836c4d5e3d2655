"""Read saved responses: HTML and JSON files, packed or not, and the responses of WARC files."""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from phonofilm.errors import ConfigurationError
from phonofilm.net.transport import BODY_BYTES_MAX
from phonofilm.sources.contract import Response

_PAGES = (".html", ".htm", ".json")
_WARCS = (".warc", ".warc.gz")
_GZIP_MARK = b"\x1f\x8b"
_STATUS = re.compile(r"[1-5][0-9]{2}")
# What warcio raises for lengths, heads and packing that are none (1.8.1, November 2026).
_WARC_ERRORS = (EOFError, OSError, ValueError, AttributeError, KeyError, OverflowError, zlib.error)


class SavedResponse(NamedTuple):
    """A response that was saved; `saved_at` is Unix seconds."""

    name: str
    response: Response
    saved_at: float


class UnreadableFile(NamedTuple):
    """A file, or a record of one, that holds no response; `reason` is counted."""

    reason: str
    detail: str


def read_saved(paths: Sequence[Path]) -> Iterator[SavedResponse | UnreadableFile]:
    """Yield the responses in files and folders, in the order of their names."""
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            name = file.name.lower()
            if name.endswith(_WARCS):
                yield from _read_warc(file)
            elif name.removesuffix(".gz").endswith(_PAGES):
                yield _read_page(file)
            elif not path.is_dir():
                yield UnreadableFile("unknown_file", f"{file.name}: neither a page nor a WARC")


def _read_page(file: Path) -> SavedResponse | UnreadableFile:
    try:
        body = _read_body(file)
    except (OSError, EOFError, zlib.error) as error:
        return UnreadableFile("unreadable", f"{file.name}: {error}")
    if len(body) > BODY_BYTES_MAX:
        return _too_large(file.name)
    content_type = "application/json" if ".json" in file.name.lower() else "text/html"
    # The name alone: a path may name its owner, and where a page came from is in the page.
    response = Response(
        status=200, headers={"content-type": content_type}, body=body, url=file.name
    )
    return SavedResponse(name=file.name, response=response, saved_at=file.stat().st_mtime)


def _read_body(file: Path) -> bytes:
    """Read a page, without a mark before it, up to one byte more than is allowed."""
    with file.open("rb") as opened:
        is_packed = opened.read(2) == _GZIP_MARK
        opened.seek(0)
        stream = gzip.GzipFile(fileobj=opened) if is_packed else opened
        return stream.read(BODY_BYTES_MAX + 1).removeprefix(BOM_UTF8)


def _read_warc(file: Path) -> Iterator[SavedResponse | UnreadableFile]:
    """Yield the responses of a WARC, with the statuses and dates they had."""
    try:
        from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415 - an extra
        from warcio.exceptions import ArchiveLoadFailed  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "Reading WARC files needs warcio.",
            next_step="Install it: pip install 'phonofilm[warc]'",
        ) from None
    is_empty = True
    with file.open("rb") as opened:
        try:
            for record in ArchiveIterator(opened):
                if record.rec_type == "response" and record.http_headers is not None:
                    is_empty = False
                    yield _read_record(file, record)
        except (ArchiveLoadFailed, *_WARC_ERRORS) as error:
            yield UnreadableFile("unreadable", f"{file.name}: {error}")
            return
    if is_empty:
        yield UnreadableFile("unreadable", f"{file.name}: it holds no response")


def _read_record(file: Path, record: Any) -> SavedResponse | UnreadableFile:
    url = str(record.rec_headers.get_header("WARC-Target-URI") or "")
    body = record.content_stream().read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _too_large(url)
    saved_at = file.stat().st_mtime
    with contextlib.suppress(ValueError, TypeError, AttributeError, OverflowError, OSError):
        date = record.rec_headers.get_header("WARC-Date").replace("Z", "+00:00")
        saved_at = datetime.fromisoformat(date).timestamp()
    headers = {name.lower(): value for name, value in record.http_headers.headers}
    code = str(record.http_headers.get_statuscode() or "")
    status = int(code) if _STATUS.fullmatch(code) else 0
    response = Response(status=status, headers=headers, body=body, url=url)
    return SavedResponse(name=url, response=response, saved_at=saved_at)


def _too_large(name: str) -> UnreadableFile:
    return UnreadableFile("too_large", f"{name}: over {BODY_BYTES_MAX >> 20} MiB")
