"""The picture of a track: its waveform, and its comments at their seconds."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.errors import UsageError
from phonofilm.sandbox.kernel.server import Plan, running
from phonofilm.show.waveform import waveform
from phonofilm.show.waveform_svg import TrackComments, draw
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace
from tests.conftest import collect

SVG = "{http://www.w3.org/2000/svg}"


def track(comments=(), name="Song", samples=(), duration_ms=200_000) -> TrackComments:
    return TrackComments(
        name=name,
        artist="Somebody",
        duration_ms=duration_ms,
        url="https://soundcloud.com/a/b",
        is_set=False,
        comments=comments,
        untimed=0,
        samples=samples,
    )


def circles(text: str) -> list[Tree.Element]:
    return list(Tree.fromstring(text).iter(f"{SVG}circle"))


def test_a_dot_stands_at_its_second_and_holds_its_words() -> None:
    dots = circles(draw(track([(0, "first"), (100_000, "middle"), (199_999, "last")])))
    places = [float(dot.attrib["cx"]) for dot in dots]
    assert places == sorted(places)
    assert abs(places[1] - 600) < 5
    assert [dot[0].text for dot in dots] == ["0:00  first", "1:40  middle", "3:19  last"]


@given(
    name=st.text(max_size=30),
    body=st.text(max_size=60),
    at=st.integers(-5, 10**9),
    length=st.integers(1, 10**8),
    samples=st.lists(st.integers(0, 10**6), max_size=40),
)
def test_any_text_from_the_world_makes_a_sound_picture(name, body, at, length, samples) -> None:
    text = draw(track([(at, body)], name, samples, length))
    root = Tree.fromstring(text)
    assert len(circles(text)) == 1
    assert {element.tag for element in root.iter()} <= {
        SVG + tag for tag in ("svg", "style", "rect", "text", "line", "circle", "title")
    }
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)


def test_a_storm_of_comments_is_counted_beyond_what_fits() -> None:
    text = draw(track([(50_000, f"n{n}") for n in range(40)]))
    assert len(circles(text)) == 26
    assert "+14" in text and "most at 0:50: 40" in text


def test_the_picture_is_drawn_from_what_was_collected(folder, stand_in, tmp_path) -> None:
    url, _ = stand_in("soundcloud", artists=6)
    collect(folder, "soundcloud", url, "comments=all", media=["samples"])
    load(folder)
    with open_snapshot(folder) as connection:
        track, name, address, said = connection.execute(
            """SELECT t.id, t.name, t.url, count(c.timestamp_ms) FROM tracks t
            JOIN comments c ON c.track_id = t.id WHERE t.name NOT LIKE '%"%' GROUP BY ALL
            ORDER BY 4 DESC, 1 LIMIT 1"""
        ).fetchall()[0]
    for named in (track, f"soundcloud:tracks:{track}", address, name.upper()):
        path = waveform(folder, named, tmp_path / "track.svg")
        text = path.read_text("utf-8")
        assert text.count("<circle") == min(said, text.count("<circle")) > 3
        assert text.count('class="b"') == 300
    with pytest.raises(UsageError) as unknown:
        waveform(folder, name[:-2], tmp_path / "x.svg")
    assert name in unknown.value.next_step


@pytest.fixture
def sampled(made_once, copied) -> Workspace:
    """A copy of a loaded folder with the samples of all sounds."""

    def make(base: Path) -> None:
        with running(Plan("soundcloud", artists=3, rate="none")) as (url, _):
            folder = Workspace(base / "data")
            collect(folder, "soundcloud", url, "comments=all", media=["samples"])
        load(folder)

    return Workspace(copied(made_once("samples", make)) / "data")


@pytest.mark.parametrize("body", [None, b"", b"no JSON", b"[1, 2]", b'{"samples": 3}'])
def test_samples_that_are_gone_or_odd_leave_a_thin_line(
    sampled: Workspace, tmp_path, body: bytes | None
) -> None:
    folder = sampled
    with open_snapshot(folder) as connection:
        [(track, path)] = connection.execute(
            "SELECT of_id, path FROM media WHERE role = 'samples' LIMIT 1"
        ).fetchall()
    if body is None:
        (folder.root / path).unlink()
    else:
        (folder.root / path).write_bytes(body)
    text = waveform(folder, track, tmp_path / "track.svg").read_text("utf-8")
    assert text.count('class="b"') == 0
    assert text.count('class="q"') == 1
