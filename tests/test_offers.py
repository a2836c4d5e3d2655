"""Offers of the sources, the cost of wishes, and the access level of a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from phonofilm.config import Settings
from phonofilm.crawl.probe import probe
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, source_names
from phonofilm.sources.capabilities import field_offers, offers, resolve_field
from phonofilm.sources.cost import duration, estimate_cost
from phonofilm.sources.manifest import Budget
from tests.cli import run_cli
from tests.conftest import calls_made

SPOTIFY, DEEZER = get("spotify").manifest, get("deezer").manifest
LEVELS = [(DEEZER, "open"), (SPOTIFY, "development")]


@pytest.mark.parametrize(
    ("access", "kind", "field", "gone"),
    [
        ("development", "artist", "popularity", "2026-02-11"),
        ("development", "features", "tempo", "2024-11-27"),
        ("extended", "track", "preview_url", "2024-11-27"),
        ("extended", "relation", "related_id", "2024-11-27"),
        ("development", "artist", "name", ""),
        ("extended-legacy", "features", "tempo", ""),
    ],
)
def test_a_field_is_to_be_had_or_gone_since_a_date(access, kind, field, gone: str) -> None:
    offer = field_offers(SPOTIFY, access, kind, field)
    assert offer.gone == gone
    assert offer.available is not bool(gone)


def test_a_batch_is_cheaper_than_a_look_up() -> None:
    assert field_offers(SPOTIFY, "extended-legacy", "artist", "popularity").rows == 50
    assert field_offers(DEEZER, "open", "features", "tempo").rows == 1


def test_every_offer_names_a_permitted_call_or_none() -> None:
    for manifest in (SPOTIFY, DEEZER):
        for level in manifest.access:
            for offer in offers(manifest, level):
                assert not offer.available or offer.call in manifest.permitted(level)


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("bpm", ("features", "tempo")),
        ("preview", ("track", "preview_url")),
        ("genres", ("artist", "genres")),
        ("album.genres", ("album", "genres")),
        ("related", ("relation", "related_id")),
        ("nonsense", None),
    ],
)
def test_fields_are_named_as_people_name_them(word: str, field) -> None:
    assert resolve_field(word, ["artist"]) == field


def test_a_plan_tells_calls_time_and_what_stays_empty() -> None:
    fields = [
        resolve_field(w, ["artist"]) for w in ("genres", "popularity", "related", "preview", "bpm")
    ]
    deezer = estimate_cost(DEEZER, "open", {"artist": 1000}, fields, LEVELS)
    assert [s.call for s in deezer.steps] == ["genre_artists", "top_tracks", "related", "track"]
    assert deezer.calls == sum(step.calls for step in deezer.steps)
    assert {gap.field for gap in deezer.gaps} == {"artist.genres", "artist.popularity"}
    assert "only as album.genres" in deezer.gaps[0].why
    spotify = estimate_cost(SPOTIFY, "development", {"artist": 1000}, fields, LEVELS)
    gaps = {gap.field: gap for gap in spotify.gaps}
    assert gaps["related artists"].why == "gone since 2024-11-27"
    assert gaps["related artists"].elsewhere == ["deezer (open)"]
    assert "deezer (open)" in gaps["artist.popularity"].elsewhere  # by its fans
    assert spotify.days == 3
    legacy = estimate_cost(SPOTIFY, "extended-legacy", {"artist": 1000}, fields, LEVELS)
    assert legacy.gaps == []


@pytest.mark.parametrize(
    ("requests", "budgets", "days", "seconds_min"),
    [
        (900, [Budget(900, 86_400)], 1, 0),
        (901, [Budget(900, 86_400)], 2, 86_400),
        (90, [Budget(30, 30)], 1, 60),
        (10, [], 1, None),
    ],
)
def test_duration_follows_the_tightest_budget(requests, budgets, days, seconds_min) -> None:
    seconds, on_days = duration(requests, budgets)
    assert on_days == days
    assert seconds is None if seconds_min is None else seconds >= seconds_min


def test_plan_and_sources_ask_nothing_and_read_well() -> None:
    words = ("--want", "artists=1000", "--fields", "genres,popularity,related,preview,bpm")
    plan = run_cli("plan", *words)
    assert plan.exit_code == 0
    assert "gone since 2024-11-27; deezer (open), " in plan.text
    assert "Field by field" in plan.stdout
    sources = run_cli("sources")
    assert sources.exit_code == 0
    assert "gone 2026-02-11" in sources.stdout
    assert "related artists" in sources.stdout
    rows = run_cli("plan", *words, "--json").document
    assert {row["source"] for row in rows} == set(source_names())
    row = run_cli("sources", "--json").document[0]
    assert row.keys() >= {"source", "access", "field", "call", "rows", "gone", "licence"}


@pytest.mark.parametrize("words", [("--fields", "colour"), ("--source", "tidal")])
def test_a_plan_for_nothing_known_is_told(words: tuple[str, ...]) -> None:
    assert run_cli("plan", *words).exit_code == 2


@pytest.mark.parametrize("access", SPOTIFY.access)
def test_a_probe_finds_the_access_level_with_one_call_per_capability(
    folder, stand_in, access: str
) -> None:
    url, served = stand_in("spotify", access=access, artists=200)
    probed = run(probe(folder, Settings(), "spotify", url))
    assert access in probed.levels
    assert (
        probed.requests
        == calls_made(served)
        == sum(c.answer != "not asked" for c in probed.capabilities)
    )
    assert not probed.stopped


def test_a_probe_stops_at_a_limit(folder, stand_in) -> None:
    url, served = stand_in("spotify", artists=50, quota="3/24h")
    probed = run(probe(folder, Settings(), "spotify", url))
    assert "quota" in probed.stopped
    assert calls_made(served) == 4


def test_several_sources_are_collected_at_once(folder, stand_in, tmp_path: Path) -> None:
    deezer, one = stand_in("deezer", artists=40)
    spotify, two = stand_in("spotify", access="extended-legacy", artists=40, quota="1/24h")
    settings = tmp_path / "phonofilm.toml"
    settings.write_text(
        f'[deezer]\nbase_url = "{deezer}"\n[spotify]\nbase_url = "{spotify}"\n'
        f'token_url = "{spotify}/api/token"\naccess = "extended-legacy"\nclient_id = "a"\n'
        'client_secret = "b"\naccept_terms = true\nbasis = "a test"\n'
    )
    words = ("-n", 20, "--config", settings, "--data", folder.root, "--json")
    crawl = run_cli("crawl", "deezer,spotify", *words)
    ends = {result["source"]: result for result in crawl.document}
    assert ends["deezer"]["status"] == "goal"
    assert ends["spotify"]["status"] == "parked"
    assert crawl.exit_code == 4
    assert calls_made(two) <= 1 + 4  # those under way when the quota was spent
    assert calls_made(one) > 0
