"""Numbers as people read them."""

from __future__ import annotations

import pytest

from phonofilm.formatting import format_duration, format_minute, format_position


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (7620, "2 h 07 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0:00"), (65_999, "1:05"), (3_600_000, "1:00:00"), (3_725_000, "1:02:05")],
)
def test_a_position_reads_as_on_a_player(milliseconds: int, text: str) -> None:
    assert format_position(milliseconds) == text


def test_an_instant_is_shown_to_the_minute_in_utc() -> None:
    assert format_minute(1_795_910_399.0) == "2026-11-28 23:59 UTC"
