"""Maps of ids that people keep: which titles of IMDb are anime."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from pathlib import Path

from phonofilm.errors import UsageError


def read_id_map(path: Path) -> list[str]:
    """Read the `tt` ids of a CSV or JSON map, gzip or plain; UsageError when there are none."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
        if text.lstrip().startswith("["):
            cells = [row.get("imdb_id") for row in json.loads(text)]
        else:
            rows = csv.DictReader(text.splitlines())
            cells = [row.get("imdb") or row.get("imdb_id") for row in rows]
    except (OSError, EOFError, ValueError, AttributeError, csv.Error, zlib.error) as error:
        raise UsageError(f"{path} is no map of ids: {error}.") from None
    ids = [id_ for cell in cells for id_ in (cell if isinstance(cell, list) else [cell])]
    titles = sorted({id_.strip() for id_ in ids if isinstance(id_, str) and id_.startswith("tt")})
    if not titles:
        raise UsageError(
            f"{path} names no title of IMDb.",
            next_step="A CSV with a column `imdb`, or a JSON list of objects with `imdb_id`.",
        )
    return titles
