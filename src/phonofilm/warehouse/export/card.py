"""The card beside every export: what it is, whence, when, at what cost, under which terms."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from phonofilm.about import __version__
from phonofilm.formatting import format_coverage
from phonofilm.records import BY_PLURAL, columns
from phonofilm.sources import get, source_names
from phonofilm.warehouse.schema.tables import PROVENANCE_TEXT
from phonofilm.warehouse.snapshots import published
from phonofilm.workspace import Workspace


class Exported(NamedTuple):
    """One file written; an address where it went into an object store."""

    table: str
    path: Path | str
    card: Path | str
    rows: int
    attribution: list[str]


def write_card(
    connection: duckdb.DuckDBPyConnection,
    folder: Workspace,
    table: str,
    out: Path,
    rows: int,
    sql: str,
) -> Path:
    """Writes `FILE.card.md` and returns its path."""
    snapshot = published(folder)
    lines = [
        f"# {out.name}",
        "",
        f"{rows:,} rows of {table}, written {datetime.now(UTC):%Y-%m-%d %H:%M UTC} by phonofilm"
        f" {__version__} from snapshot {snapshot.stem if snapshot else '-'}.",
        "",
        *_file(out),
        *_span(connection, table),
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
        *_columns(connection, table, sql),
        "",
    ]
    card = out.with_name(out.name + ".card.md")
    card.write_text("\n".join(lines), encoding="utf-8")
    return card


def _file(out: Path) -> list[str]:
    if out.is_dir():
        return [f"- Files: {sum(1 for path in out.rglob('*.json')):,}"]
    return [f"- SHA-256: `{_sha256(out)}`", f"- Bytes: {out.stat().st_size:,}"]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _span(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
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
    rows = connection.execute(
        "SELECT source, started, result FROM runs ORDER BY started"
    ).fetchall()
    if not rows:
        return ["No crawl is recorded in this warehouse."]
    lines = ["| source | from | access | ended | calls | coverage |", "|---|---|---|---|---|---|"]
    for source, started, text in rows:
        result: dict[str, Any] = json.loads(text)
        shares = result["coverage"].items()
        seen = ", ".join(f"{kind} {format_coverage(share)}" for kind, share in shares)
        lines.append(
            f"| {source} | {result['origin']} | {result['access']} | {started:%Y-%m-%d %H:%M}:"
            f" {result['status']} | {result['calls']:,} | {seen or '-'} |"
        )
    lists: dict[str, list[float]] = json.loads(rows[-1][2]).get("coverage_by_list", {})
    if lists:
        shares = ", ".join(
            f"{_plain(name)} {format_coverage(held)}" for name, held in lists.items()
        )
        lines += ["", f"Lists of the last crawl, known of their members: {shares}."]
    lines += [
        "",
        "Coverage is the share of what permitted calls lead to, with its 90 % interval;",
        "what no permitted call reaches is not counted and cannot be seen.",
    ]
    return lines


def _plain(name: str) -> str:
    """A list's name without what Markdown would take for its own: text from the world."""
    return "".join(c if c.isalnum() or c in " -&'" else " " for c in name).strip()


def _present(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("SELECT DISTINCT source FROM runs").fetchall()
    return [name for name in source_names() if (name,) in rows]


def attributions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What must be said of the sources that rows come from."""
    return [get(name).manifest.terms.attribution for name in _present(connection)]


def _terms(connection: duckdb.DuckDBPyConnection) -> list[str]:
    lines = []
    for name in _present(connection):
        terms = get(name).manifest.terms
        keeping = f"; keep at most {terms.keep_days} days" if terms.keep_days else ""
        lines.append(
            f"- **{get(name).manifest.title}**: {terms.attribution} {terms.licence}{keeping}."
        )
        lines.append(f"  {terms.version}: {terms.url}")
    origins = connection.execute("SELECT DISTINCT result ->> 'origin' FROM runs").fetchall()
    if any(str(row[0]).startswith("sandbox") for row in origins):
        lines.append("- Rows from a sandbox are simulated: no real artist, track or listener.")
    return lines or ["No source is recorded."]


def _columns(connection: duckdb.DuckDBPyConnection, table: str, sql: str) -> list[str]:
    texts = dict(PROVENANCE_TEXT)
    if table in BY_PLURAL:
        texts |= {column.name: column.text for column in columns(BY_PLURAL[table])}
    lines = ["| column | type | meaning |", "|---|---|---|"]
    for name, kind, *_ in connection.execute(f"DESCRIBE {sql}").fetchall():
        lines.append(f"| {name} | {kind} | {texts.get(name, '')} |")
    return lines
