"""In whatever order responses come, a row has the same fields: what was lost comes again later."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from phonofilm.landing.envelope import Envelope
from phonofilm.landing.segments import read_segments
from phonofilm.records import RECORDS, columns
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.sql import identifier
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.schema.tables import key_columns
from phonofilm.workspace import Workspace
from tests.conftest import collect
from tests.warehouses import land, query

WANTS = {
    "spotify": ("artists", "albums", "tracks", "playlists"),
    "deezer": ("artists", "albums", "tracks", "playlists"),
    "musicbrainz": ("artists", "albums", "tracks"),
    "soundcloud": ("artists", "tracks", "playlists", "comments"),
    "beatport": ("artists", "albums", "tracks"),
    "jamendo": ("artists", "albums", "tracks"),
    "tmdb": ("titles",),
    "wikidata": ("titles",),
}


def known_fields(folder: Workspace) -> dict[str, list[tuple]]:
    """The key of each row, and which of its fields are null.

    Values are left out: a recording is on several releases, and the newest response names one.
    """
    known = {}
    for cls in RECORDS:
        nulls = (f"{identifier(column.name)} IS NULL" for column in columns(cls))
        keys = map(identifier, key_columns(cls))
        sql = f"SELECT {', '.join((*keys, *nulls))} FROM {cls.plural} ORDER BY ALL"
        known[cls.plural] = query(folder, sql) if cls.kind != "list_page" else []
    return known


def reversed_in_time(responses: list[Envelope]) -> list[Envelope]:
    """Give the first response the time of the last one, and so on."""
    responses = sorted(responses, key=lambda response: response.fetched_at)
    times = [response.fetched_at for response in reversed(responses)]
    return [
        msgspec.structs.replace(response, fetched_at=time, seq=len(times) - number)
        for number, (response, time) in enumerate(zip(responses, times, strict=True))
    ]


@pytest.mark.parametrize(
    "source",
    ["spotify", *(pytest.param(s, marks=pytest.mark.slow) for s in WANTS if s != "spotify")],
)
def test_no_field_is_known_only_in_one_order_of_the_responses(source: str, tmp_path: Path) -> None:
    forwards, backwards = Workspace(tmp_path / "forwards"), Workspace(tmp_path / "backwards")
    access = "extended-legacy" if source == "spotify" else ""
    with running(Plan(source, access=access, artists=8, titles=400, rate="none")) as (url, _):
        collect(forwards, source, url, *(f"{want}=all" for want in WANTS[source]))
    load(forwards)
    land(backwards, *reversed_in_time(list(read_segments(forwards.segments().paths()))))
    load(backwards)
    expected, actual = known_fields(forwards), known_fields(backwards)
    for table, rows in expected.items():
        assert actual[table] == rows, table
