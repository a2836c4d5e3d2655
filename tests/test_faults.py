"""Every fault that the sandbox plays ends in a named outcome; docs/faults.md is made from this."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phonofilm.config import Settings, SourceSettings
from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.values import QUARANTINED
from phonofilm.errors import PhonofilmError
from phonofilm.net import limiter
from phonofilm.net.rate_windows import InferredWindow
from phonofilm.sandbox.kernel.faults.rules import FAULTS, Faults, Rule, described
from phonofilm.workspace import Workspace
from tests.conftest import calls_made, collect

ARTISTS = 20  # 57 searches: enough for a fault to be played thrice, and a third of a second
# Played on three searches of a crawl: the outcome, and the kind of finding that tells of it.
# read: all is taken that is there. retried: the same call again, within bounds. waited: as long as
# the source asks. passed over: this call has no answer, the others go on. quarantined: kept with
# its reason, read again after an update. parked: nothing is asked until the minute of return.
OUTCOMES = {
    "http_500": ("retried", "retried_call"),
    "http_502_html": ("retried", "retried_call"),
    "http_503_come_back": ("waited", "throttled"),
    "http_504_empty": ("retried", "retried_call"),
    "http_408": ("retried", "retried_call"),
    "http_400": ("passed over", "refused_call"),
    "http_404": ("passed over", "missing"),
    "http_410": ("passed over", "missing"),
    "http_418": ("passed over", "refused_call"),
    "forbidden_json": ("passed over", "forbidden_call"),
    "forbidden_text": ("passed over", "forbidden_call"),
    "token_expired": ("retried", "unauthorised"),
    "throttled_seconds": ("waited", "throttled"),
    "throttled_date": ("waited", "throttled"),
    "throttled_zero": ("waited", "throttled"),
    "throttled_silent": ("waited", "throttled"),
    "throttled_text": ("waited", "throttled"),
    "throttled_a_day": ("parked", "throttled"),
    "quota_exceeded": ("parked", "quota"),
    "delay": ("read", ""),
    "hang": ("retried", "retried_call"),
    "slow_loris": ("retried", "retried_call"),
    "reset": ("retried", "retried_call"),
    "host_gone": ("retried", "retried_call"),
    "cut_body": ("retried", "retried_call"),
    "gzip_bomb": ("passed over", "failed_call"),
    "gzip_broken": ("retried", "retried_call"),
    "huge_body": ("passed over", "failed_call"),
    "redirect_elsewhere": ("passed over", "failed_call"),
    "redirect_loop": ("passed over", "refused_call"),
    "wrong_content_type": ("read", ""),
    "html_for_json": ("quarantined", "malformed_body"),
    "empty_body": ("quarantined", "malformed_body"),
    "bad_json": ("quarantined", "malformed_body"),
    "truncated_json": ("quarantined", "malformed_body"),
    "null_json": ("quarantined", "malformed_body"),
    "deep_json": ("quarantined", "malformed_body"),
    "error_inside": ("quarantined", "malformed_body"),
    "half_characters": ("read", ""),
    "not_a_number": ("read", ""),
    "renamed_lists": ("quarantined", "malformed_body"),
    "vanished_field": ("read", ""),
    "null_items": ("read", "null_item"),
    "null_ids": ("read", "without_id"),
    "floats_for_integers": ("read", ""),
    "strings_for_integers": ("read", "odd_value"),
    "huge_integers": ("read", "odd_value"),
    "local_tracks": ("read", ""),
    "episodes": ("read", ""),
    "duplicate_ids": ("read", ""),
    "endless_next": ("read", ""),
    "foreign_next": ("read", ""),
    "drifting_totals": ("read", ""),
    "empty_page": ("read", ""),
    "wall_cloudflare": ("stopped, exit 7", "bot_wall"),
    "wall_datadome": ("stopped, exit 7", "bot_wall"),
    "wall_aws": ("stopped, exit 7", "bot_wall"),
    "wall_incapsula": ("stopped, exit 7", "bot_wall"),
}
# Played on every call from the third on.
FOR_EVER = {
    "http_500": "stopped, exit 6",
    "http_418": "passed over",
    "forbidden_json": "capability absent",
    "forbidden_text": "capability absent",
    "token_expired": "stopped, exit 3",
    "throttled_silent": "parked",
    "throttled_a_day": "parked",
    "quota_exceeded": "parked",
    "reset": "stopped, exit 6",
    "host_gone": "stopped, exit 6",
    "cut_body": "stopped, exit 6",
    "html_for_json": "stopped, exit 5",
    "empty_body": "stopped, exit 5",
    "bad_json": "stopped, exit 5",
    "error_inside": "stopped, exit 5",
    "renamed_lists": "stopped, exit 5",
    "vanished_field": "stopped, exit 5",
    "endless_next": "read",
    "duplicate_ids": "read",
}
_ONCE = ("token_expired", "vanished_field")
_ENDLESS = ("hang", "slow_loris")  # end with the time limit of a request, and no others do
_ON = {"local_tracks": "playlist", "episodes": "playlist"}
_PLAYLISTS_NEED = 60  # artists: fewer have a single playlist


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(limiter, "REFUSED_SECONDS_MAX", 5.0)
    monkeypatch.setattr(limiter, "PATIENCE_SECONDS", 2.0)
    # What is felt of windows makes a crawl careful for a while; that has tests of its own.
    monkeypatch.setattr(InferredWindow, "wait", lambda self, now: 0.0)


def impatient(name: str) -> Settings:
    return Settings(spotify=SourceSettings(timeout_seconds=0.8 if name in _ENDLESS else 20.0))


def rule_of(name: str, **when: int) -> Rule:
    return Rule(name, on=_ON.get(name, "search"), **when)


def outcome_of(folder: Workspace, url: str, name: str) -> tuple[str, dict[str, int]]:
    """How a crawl ended, in the table's words, and its findings."""
    try:
        result = collect(folder, "spotify", url, "artists=all", settings=impatient(name), workers=2)
    except PhonofilmError as error:
        return f"stopped, exit {error.exit_code}", findings_of_last_run(folder)
    kinds = {finding["kind"]: finding["count"] for finding in result.findings}
    assert all(finding["where"] for finding in result.findings)
    if result.status == "parked":
        return "parked", kinds
    if "capability_absent" in kinds:
        return "capability absent", kinds
    if kinds.get("malformed_body"):
        assert quarantined(folder) == kinds["malformed_body"]
        return "quarantined", kinds
    passed = {"missing", "refused_call", "forbidden_call", "failed_call"} & kinds.keys()
    if passed:
        return "passed over", kinds
    waited = {"throttled", "quota"} & kinds.keys()
    retried = {"retried_call", "unauthorised"} & kinds.keys()
    return "waited" if waited else "retried" if retried else "read", kinds


def findings_of_last_run(folder: Workspace) -> dict[str, int]:
    frontier = open_frontier(folder.frontier / "spotify.sqlite")
    result = json.loads(frontier.history.runs()[-1][2])
    frontier.close()
    assert result["status"] == "failed"
    return {finding["kind"]: finding["count"] for finding in result["findings"]}


def quarantined(folder: Workspace) -> int:
    frontier = open_frontier(folder.frontier / "spotify.sqlite")
    count = frontier.store._database.number(
        f"SELECT count(*) FROM task WHERE state = {QUARANTINED}"
    )
    frontier.close()
    return count


def test_every_fault_has_an_outcome_and_there_are_forty_at_least() -> None:
    assert OUTCOMES.keys() == FAULTS.keys()
    assert len(FAULTS) >= 40
    assert all(described().values())


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTCOMES)
def test_a_passing_fault_ends_in_its_outcome_and_loses_nothing(folder, stand_in, name: str) -> None:
    times = 1 if name in _ONCE else 3
    rule = rule_of(name, after=1, times=times, every=3 if name == "throttled_seconds" else 1)
    expected, finding = OUTCOMES[name]
    artists = _PLAYLISTS_NEED if name in _ON else ARTISTS
    url, served = stand_in("spotify", access="extended-legacy", artists=artists, faults=[rule])
    outcome, kinds = outcome_of(folder, url, name)
    assert outcome == expected
    assert not finding or kinds[finding] >= 1
    assert served.faults.played()[name] >= 1
    if outcome in ("read", "retried", "waited", "passed over", "quarantined"):
        frontier = open_frontier(folder.frontier / "spotify.sqlite")
        assert frontier.tally()["artist"] == {"full": artists, "mentioned": 0}
        frontier.close()
    if outcome == "parked":
        before = calls_made(served)
        with pytest.raises(PhonofilmError):
            collect(folder, "spotify", url, "artists=all")
        assert calls_made(served) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", FOR_EVER)
def test_a_fault_that_never_ends_does_not_hang_a_crawl(folder, stand_in, name: str) -> None:
    access = "development" if "forbidden" in name else "extended-legacy"
    rule = Rule(name, after=2)
    if "forbidden" in name:
        rule = Rule(name, on="artist_albums")
    url, _ = stand_in("spotify", access=access, artists=ARTISTS, faults=[rule])
    wants = ("artists=all", "albums=all") if "forbidden" in name else ("artists=all",)
    try:
        result = collect(
            folder, "spotify", url, *wants, settings=impatient(name), workers=2, max_calls=1500
        )
    except PhonofilmError as error:
        assert f"stopped, exit {error.exit_code}" == FOR_EVER[name]
        assert error.saved
        assert findings_of_last_run(folder)
        return
    kinds = {finding["kind"] for finding in result.findings}
    ends = {
        "parked": result.status == "parked",
        "capability absent": "capability_absent" in kinds,
        "passed over": "refused_call" in kinds,
        "read": result.status == "done",
    }
    assert ends[FOR_EVER[name]]


def test_a_file_of_faults_says_when_they_are_played(stand_in, folder, tmp_path: Path) -> None:
    rules = tmp_path / "faults.toml"
    rules.write_text(
        '[[fault]]\nname = "http_500"\non = "search"\nafter = 2\nevery = 3\ntimes = 4\n'
    )
    url, served = stand_in("spotify", access="extended-legacy", artists=ARTISTS, faults=rules)
    result = collect(folder, "spotify", url, "artists=all")
    assert served.faults.played() == {"http_500": 4}
    assert result.findings[0]["kind"] == "retried_call"
    assert result.findings[0]["count"] == 4


@pytest.mark.parametrize(
    "text", ["", "[[fault]]\nname = 'no_such'", "[[fault]]\nwhen = 3", "fault = 3", "[["]
)
def test_a_file_that_is_no_list_of_faults_is_told(tmp_path: Path, text: str) -> None:
    rules = tmp_path / "faults.toml"
    rules.write_text(text)
    with pytest.raises(ValueError, match="fault"):
        Faults.read(rules)
