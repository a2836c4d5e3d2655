"""The card of an export: contents, sources, dates, requests, coverage, terms and columns."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from phonofilm.about import __version__
from phonofilm.files import is_stream
from phonofilm.formatting import format_coverage, plain_text
from phonofilm.records import BY_PLURAL, columns
from phonofilm.sources import get, source_names
from phonofilm.warehouse.schema.tables import PROVENANCE_TEXT, provenance_text
from phonofilm.warehouse.snapshots import published
from phonofilm.workspace import Workspace


class Exported(NamedTuple):
    """One exported file with its card; URLs, if they are in an object store.

    What went into a device or a pipe has no card.
    """

    table: str
    path: Path | str
    card: Path | str | None
    rows: int
    attribution: list[str]


def card_path(out: Path) -> Path | None:
    """Return the path of the card of a file, `FILE.card.md`; None for a device or a pipe."""
    return None if is_stream(out) else out.with_name(out.name + ".card.md")


class CardContents(NamedTuple):
    """What a card describes: a file or folder `written`, and its rows by the query `sql`.

    `name` is the name that the file has in the end.
    """

    table: str
    name: str
    written: Path
    rows: int
    sql: str


def card_text(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, contents: CardContents
) -> str:
    """Return the text of a card, in Markdown."""
    table = contents.table
    snapshot = published(workspace)
    lines = [
        f"# {plain_text(contents.name)}",
        "",
        f"{contents.rows:,} rows of {table}, written {datetime.now(UTC):%Y-%m-%d %H:%M UTC} by"
        f" phonofilm {__version__} from snapshot {snapshot.stem if snapshot else '-'}.",
        "",
        *_file(contents.written),
        *_dates(connection, table),
        "",
        "## How it was collected",
        "",
        *_runs(connection),
        "",
        "## Terms and attribution",
        "",
        *_terms(connection),
        "",
        "## Columns",
        "",
        *_columns(connection, table, contents.sql),
        "",
    ]
    return "\n".join(lines)


def _file(out: Path) -> list[str]:
    if out.is_dir():
        return [f"- Files: {sum(1 for path in out.rglob('*.json')):,}"]
    return [f"- SHA-256: `{_sha256(out)}`", f"- Bytes: {out.stat().st_size:,}"]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dates(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the lines on when rows were fetched, and how many are incomplete or expired."""
    if table not in BY_PLURAL:
        return []
    row = connection.execute(
        f"SELECT min(first_seen), max(last_seen), count(*) FILTER (completeness = 'mentioned'),"
        f" count(*) FILTER (expires_at <= now() AT TIME ZONE 'UTC') FROM {table}"
    ).fetchone()
    first, last, mentioned, expired = row or (None, None, 0, 0)
    if first is None:
        return []
    return [
        f"- Fetched: {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC",
        f"- Only mentioned (id and name): {mentioned:,} rows of the warehouse's table",
        f"- Left out because their keeping ended: {expired:,}",
    ]


def _runs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the table of all crawls and imports, and the coverage of the last one by list."""
    rows = connection.execute(
        "SELECT source, started, result FROM runs ORDER BY started"
    ).fetchall()
    if not rows:
        return ["No crawl is recorded in this warehouse."]
    results: list[dict[str, Any]] = [json.loads(text) for _, _, text in rows]
    lines = ["| source | from | access | ended | calls | coverage |", "|---|---|---|---|---|---|"]
    for (source, started, _), result in zip(rows, results, strict=True):
        shares = result["coverage"].items()
        coverage = ", ".join(f"{kind} {format_coverage(share)}" for kind, share in shares)
        lines.append(
            f"| {source} | {result['origin']} | {result['access']} | {started:%Y-%m-%d %H:%M}:"
            f" {result['status']} | {result['calls']:,} | {coverage or '-'} |"
        )
    shares = results[-1].get("coverage_by_list", {}).items()
    if shares:
        text = ", ".join(
            f"{_without_markup(name)} {format_coverage(share)}" for name, share in shares
        )
        lines += ["", f"Lists of the last crawl, known of their members: {text}."]
    lines += [
        "",
        "Coverage is the share of what permitted calls lead to, with its 90 % interval;",
        "what no permitted call reaches is not counted and cannot be seen.",
    ]
    return lines


def _without_markup(name: str) -> str:
    """Remove what is markup in Markdown from the name of a list, which is text from outside."""
    return "".join(c if c.isalnum() or c in " -&'" else " " for c in name).strip()


def _present_sources(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("SELECT DISTINCT source FROM runs").fetchall()
    return [name for name in source_names() if (name,) in rows]


def attributions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the attribution that each source of the warehouse demands."""
    return [get(name).manifest.terms.attribution for name in _present_sources(connection)]


def _terms(connection: duckdb.DuckDBPyConnection) -> list[str]:
    lines = []
    for name in _present_sources(connection):
        manifest = get(name).manifest
        terms = manifest.terms
        keeping = f"; keep at most {terms.keep_days} days" if terms.keep_days else ""
        lines.append(f"- **{manifest.title}**: {terms.attribution} {terms.licence}{keeping}.")
        lines.append(f"  {terms.version}: {terms.url}")
    origins = connection.execute("SELECT DISTINCT result ->> 'origin' FROM runs").fetchall()
    if any(str(row[0]).startswith("sandbox") for row in origins):
        lines.append("- Rows from a sandbox are simulated: no real artist, track or listener.")
    return lines or ["No source is recorded."]


def _columns(connection: duckdb.DuckDBPyConnection, table: str, sql: str) -> list[str]:
    texts = dict(PROVENANCE_TEXT)
    if cls := BY_PLURAL.get(table):
        texts |= provenance_text(cls) | {column.name: column.text for column in columns(cls)}
    lines = ["| column | type | meaning |", "|---|---|---|"]
    for name, duckdb_type, *_ in connection.execute(f"DESCRIBE {sql}").fetchall():
        lines.append(f"| {name} | {duckdb_type} | {texts.get(name, '')} |")
    return lines
