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
            held = [row.get("imdb_id") for row in json.loads(text)]
        else:
            rows = csv.DictReader(text.splitlines())
            held = [row.get("imdb") or row.get("imdb_id") for row in rows]
    except (OSError, EOFError, ValueError, AttributeError, csv.Error, zlib.error) as error:
        raise UsageError(f"{path} is no map of ids: {error}.") from None
    ids = [one for cell in held for one in (cell if isinstance(cell, list) else [cell])]
    found = sorted({one.strip() for one in ids if isinstance(one, str) and one.startswith("tt")})
    if not found:
        raise UsageError(
            f"{path} names no title of IMDb.",
            next_step="A CSV with a column `imdb`, or a JSON list of objects with `imdb_id`.",
        )
    return found
