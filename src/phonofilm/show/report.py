"""`phonofilm report`: one self-contained page of what was collected, good enough to send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from phonofilm.about import __version__
from phonofilm.errors import storage_error
from phonofilm.formatting import format_coverage
from phonofilm.show import queries
from phonofilm.sources import get
from phonofilm.warehouse.snapshots import open_snapshot, published
from phonofilm.workspace import Workspace


def report(folder: Workspace, out: Path) -> Path:
    """Writes the page; no script, no font, no picture comes from elsewhere."""
    snapshot = published(folder)
    with open_snapshot(folder) as connection:
        held = queries.held(connection)
        runs = queries.runs(connection)
        page = (
            _environment()
            .get_template("report.html")
            .render(
                version=__version__,
                written=datetime.now(UTC),
                snapshot=snapshot.stem if snapshot else "",
                held=held,
                runs=runs,
                lists=queries.lists_known(runs),
                genres=queries.top_genres(connection),
                popularity=queries.popularity(connection),
                releases=queries.releases(connection),
                artists=queries.top_artists(connection),
                titles=queries.best_titles(connection),
                title_genres=queries.title_genres(connection),
                title_years=queries.title_years(connection),
                quarantined=queries.quarantined(connection),
                terms=[get(name).manifest for name in sorted({row.source for row in held})],
                simulated=any(run.origin.startswith("sandbox") for run in runs),
            )
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise storage_error(out, error) from error
    return out


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("phonofilm.show"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.filters["percent"] = format_coverage
    environment.filters["safe_link"] = _safe_link
    return environment


def _safe_link(url: str | None) -> str:
    """Only web addresses become links: text from the world is hostile."""
    return url if url and urlsplit(url).scheme in ("http", "https") else ""
