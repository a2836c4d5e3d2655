"""`phonofilm report`: one self-contained page of what was collected, good enough to send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from phonofilm.about import __version__
from phonofilm.errors import output_error
from phonofilm.files import output_path
from phonofilm.formatting import format_coverage, format_figure
from phonofilm.runtime.signals import import_for_duckdb
from phonofilm.show import queries
from phonofilm.sources import get
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace


def report(workspace: Workspace, out: Path) -> Path:
    """Write the page and return its path; no script, font or picture of it comes from elsewhere."""
    snapshot = published(workspace)
    with open_snapshot(workspace) as connection:
        import_for_duckdb(connection)
        page = (
            _environment()
            .get_template("report.html")
            .render(
                version=__version__,
                written=datetime.now(UTC),
                snapshot=snapshot.stem if snapshot else "",
                **_figures(connection),
            )
        )
    try:
        with output_path(out) as partial:
            partial.write_text(page, encoding="utf-8")
    except OSError as error:
        raise output_error(out, error) from error
    return out


def _figures(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the variables of the template that come from the warehouse."""
    counts, runs = queries.record_counts(connection), queries.crawl_runs(connection)
    sources = sorted({count.source for count in counts})
    return {
        "counts": counts,
        "runs": runs,
        "lists": queries.list_coverage(runs),
        "genres": queries.top_genres(connection),
        "popularity": queries.artist_popularity(connection),
        "releases": queries.album_years(connection),
        "artists": queries.top_artists(connection),
        "titles": queries.best_titles(connection),
        "title_genres": queries.title_genres(connection),
        "title_years": queries.title_years(connection),
        "quarantined": queries.quarantine_counts(connection),
        "terms": [get(source).manifest for source in sources],
        "simulated": any(run.origin.startswith("sandbox") for run in runs),
    }


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("phonofilm.show"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = format_figure
    environment.filters["percent"] = format_coverage
    environment.filters["safe_link"] = _safe_link
    return environment


def _safe_link(url: str | None) -> str:
    """Return a web address, empty for any other scheme: text of the outside world is hostile."""
    return url if url and urlsplit(url).scheme in ("http", "https") else ""
