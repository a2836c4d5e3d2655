"""Lists that are followed from link to link: whatever they do, all is read and every crawl ends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.crawl.frontier.files import open_frontier
from phonofilm.crawl.frontier.frontier import Frontier
from phonofilm.crawl.frontier.values import Task
from phonofilm.crawl.planner.queues import base
from phonofilm.crawl.responses import pagination
from phonofilm.crawl.responses.pagination import EMPTY_PAGES_MAX, PaginationGuard
from phonofilm.errors import BotWallError, CredentialsError, PhonofilmError
from phonofilm.net.rate_windows import InferredWindow
from phonofilm.sandbox.kernel.faults.registry import LINK_FAULTS
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sources import get
from phonofilm.sources.contract import Finding, Request, Response
from phonofilm.workspace import Workspace
from tests.conftest import collect

BASE = "http://127.0.0.1:1"
SOUNDCLOUD = get("soundcloud")

# fault, source, the calls it is played on: how a crawl ends and which finding tells of it.
OUTCOMES = {
    "next_absent": ("soundcloud", "track_comments", "whole", ""),
    "next_repeats": ("soundcloud", "track_comments", "whole", "repeated_page"),
    "next_at_another_host": ("soundcloud", "users", "whole", "foreign_link"),
    "next_of_the_inside": ("soundcloud", "track_comments", "whole", ""),
    "next_is_bare": ("soundcloud", "track_comments", "whole", ""),
    "empty_page_between": ("soundcloud", "track_comments", "whole", ""),
    "short_page": ("soundcloud", "track_comments", "whole", ""),
    "overlapping_page": ("soundcloud", "track_comments", "whole", ""),
    "bare_list": ("soundcloud", "users", "whole", ""),
    "all_null": ("soundcloud", "track_comments", "whole", ""),
    "unauthorised_silent": ("soundcloud", "track_comments", "whole", "unauthorised"),
    "missing_silent": ("soundcloud", "user_web_profiles", "whole", ""),
    "throttled_until": ("soundcloud", "track_comments", "whole", "throttled"),
    "datadome_refuses": ("soundcloud", "track_comments", "wall", "bot_wall"),
    "datadome_watches": ("soundcloud", "track_comments", "whole", ""),
    "turnstile": ("soundcloud", "track_comments", "wall", "bot_wall"),
    "territory_restricted": ("beatport", "artist_tracks", "part", "missing"),
    "unknown_key": ("beatport", "artist_tracks", "whole", "unknown_field"),
    "nothing_found": ("beatport", "search_artists", "none", ""),
    "html_for_a_picture": ("soundcloud", "media", "files", "artwork_refused"),
}
ONCE = ("unauthorised_silent", "throttled_until")


def test_every_trap_of_lists_has_an_outcome() -> None:
    assert OUTCOMES.keys() == LINK_FAULTS.keys()


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InferredWindow, "wait", lambda self, now: 0.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, outcome in OUTCOMES.items()
        if outcome[2:3] == ("whole",) and outcome[0] != "beatport"
    ],
)
def test_a_trap_costs_nothing_of_what_listeners_said(folder, stand_in, name: str) -> None:
    _, on, _, finding = OUTCOMES[name]
    times = 1 if name in ONCE else 6 if name != "next_absent" else None
    rule = Rule(name, on=on, times=times)
    url, served = stand_in("soundcloud", artists=12, faults=[rule])
    result = collect(folder, "soundcloud", url, "comments=all", workers=2)
    kinds = {finding["kind"]: finding["count"] for finding in result.findings}
    assert result.status == "done"
    assert result.records["comments"]["full"] == served.service.visible()["comments"]
    assert result.records["artists"]["full"] == 12
    assert not finding or kinds[finding] >= 1
    drift = {"field_drift"} if name == "all_null" else set()  # six such pages may be news
    assert kinds.keys() - {finding} <= {"missing", *drift}
    assert name == "missing_silent" or served.faults.played()[name] >= 1


@pytest.mark.parametrize("name", ["datadome_refuses", "turnstile"])
def test_a_wall_is_not_passed_and_nothing_more_is_asked(folder, stand_in, name: str) -> None:
    url, served = stand_in("soundcloud", artists=12, faults=[Rule(name, on="track_comments")])
    with pytest.raises(BotWallError) as stopped:
        collect(folder, "soundcloud", url, "comments=all", workers=1)
    assert stopped.value.exit_code == 7
    assert sum(served.calls["track_comments"].values()) == 1


def test_a_token_that_is_refused_for_ever_ends_a_crawl(folder, stand_in) -> None:
    url, _ = stand_in("soundcloud", artists=12, faults=[Rule("unauthorised_silent", on="users")])
    with pytest.raises(CredentialsError):
        collect(folder, "soundcloud", url, "comments=all")


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_links_that_never_end_are_left_after_a_while(folder, stand_in, workers: int) -> None:
    rule = Rule("empty_page_between", on="track_comments")
    url, served = stand_in("soundcloud", artists=3, faults=[rule])
    result = collect(folder, "soundcloud", url, "comments=all", workers=workers)
    findings = {finding["kind"]: finding for finding in result.findings}
    lists = served.calls["track_comments"][200] // EMPTY_PAGES_MAX
    assert result.status == "done"
    assert served.calls["track_comments"][200] == lists * EMPTY_PAGES_MAX
    assert findings["barren_pages"]["count"] == lists == 46
    assert findings["lists_given_up"]["where"] == {"comments": 1}
    assert "46 lists left after 920 requests" in findings["lists_given_up"]["example"]
    assert result.coverage["comments"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_pages_after_many_empty_ones_are_read(folder, stand_in, workers: int) -> None:
    # More empty pages than the patience of a queue, and fewer than 20 in a row of each list.
    rule = Rule("empty_page_between", on="track_comments", times=600)
    url, served = stand_in("soundcloud", artists=6, faults=[rule])
    result = collect(folder, "soundcloud", url, "comments=all", workers=workers)
    assert result.records["comments"]["full"] == served.service.visible()["comments"]
    assert result.coverage["comments"] == [1.0, 1.0, 1.0]
    assert {finding["kind"] for finding in result.findings} == {"missing"}


def test_a_queue_that_is_given_up_says_so_and_the_next_run_reads_its_lists(
    folder, stand_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "EMPTY_PAGES_PATIENCE", 200)
    rule = Rule("empty_page_between", on="track_comments", times=249)
    url, served = stand_in("soundcloud", artists=3, faults=[rule])
    first = collect(folder, "soundcloud", url, "comments=all", workers=1)
    finding = next(f for f in first.findings if f["kind"] == "lists_given_up")
    assert first.status == "done"
    assert "comments: 46 lists left after 246 requests without gain" in finding["example"]
    assert first.coverage["comments"] == [0.0, 0.0, 0.0]
    again = collect(folder, "soundcloud", url, "comments=all", workers=1)
    assert again.records["comments"]["full"] == served.service.visible()["comments"]
    assert again.coverage["comments"] == [1.0, 1.0, 1.0]
    assert not again.findings


def test_lists_of_parents_that_were_left_lower_the_coverage_of_what_they_hold(
    folder, stand_in
) -> None:
    url, _ = stand_in(
        "soundcloud", artists=3, faults=[Rule("empty_page_between", on="user_tracks")]
    )
    result = collect(folder, "soundcloud", url, "comments=all", workers=1)
    findings = {finding["kind"]: finding for finding in result.findings}
    assert findings["lists_given_up"]["where"] == {"artist_tracks": 1}
    assert result.coverage["comments"][0] < 1


def test_lists_that_were_left_after_empty_pages_are_read_by_the_next_run(folder, stand_in) -> None:
    rule = Rule("empty_page_between", on="track_comments", times=920)
    url, served = stand_in("soundcloud", artists=3, faults=[rule])
    first = collect(folder, "soundcloud", url, "comments=all")
    assert first.coverage["comments"][0] == 0.0
    again = collect(folder, "soundcloud", url, "comments=all")
    assert again.records["comments"]["full"] == served.service.visible()["comments"]
    assert again.status == "done"
    assert not again.findings


# An arbitrary list: what each page holds, where its link leads, and whether its name is ever new.
PAGES = st.lists(
    st.tuples(
        st.lists(st.integers(1, 30), max_size=6), st.none() | st.integers(0, 7), st.booleans()
    ),
    min_size=1,
    max_size=8,
)


@given(pages=PAGES)
def test_any_sequence_of_pages_and_links_ends(tmp_path_factory, pages) -> None:
    frontier = open_frontier(tmp_path_factory.mktemp("f") / "x.sqlite")
    frontier.add_nodes("track", [("7", 2, True)])
    items_seen, steps = walk(frontier, pages)
    reached = set()
    index: int | None = 0
    while index is not None and index not in reached:  # a chain visits each page once at least
        reached.add(index)
        index = pages[index % len(pages)][1]
        index = None if index is None else index % len(pages)
    assert items_seen == {str(item) for index in reached for item in pages[index][0]}
    assert steps <= (len(items_seen) + 1) * EMPTY_PAGES_MAX + len(pages) + 1
    frontier.close()


def walk(frontier: Frontier, pages: list[Any]) -> tuple[set[str], int]:
    """Follow a list as a crawl does; return the items seen and the number of pages requested."""
    guard = PaginationGuard(frontier)
    node = frontier.seq_of("track", "7")
    assert node is not None
    request, index, steps, items_seen = Request("comments", ("7",)), 0, 0, set()
    while True:
        items, following, new_name = pages[index]
        steps += 1
        link = None
        if following is not None:
            name = f"{following}-{steps if new_name else 0}"
            link = f"{BASE}/tracks/7/comments?cursor={name}"
        body = {"collection": [{"kind": "comment", "id": i} for i in items], "next_href": link}
        response = Response(200, {}, msgspec.json.encode(body), f"{BASE}/tracks/7/comments")
        page = SOUNDCLOUD.parse(request, response)
        before = len(frontier)
        frontier.add_nodes("comment", [(record.id, 1, True) for record in page.records])
        items_seen |= {record.id for record in page.records}
        if not page.continues:
            return items_seen, steps
        task = Task(request, (node,))
        finding = guard.follow(task, page.continues[0], node, len(frontier) - before)
        if finding is not None:
            return items_seen, steps
        assert page.continues[0].offset > request.offset
        request, index = page.continues[0], following % len(pages)


def test_a_list_an_earlier_run_began_remembers_its_links(tmp_path) -> None:
    frontier = open_frontier(tmp_path / "x.sqlite")
    frontier.add_nodes("track", [("7", 2, True)])
    link = Request("comments", ("7",), 200, "cursor=a")
    frontier.add_continuation(link, 1)
    frontier.commit()
    later = PaginationGuard(frontier)
    task = Task(Request("comments", ("7",), 200, "cursor=a"), (1,))
    assert later.follow(task, link, 1, 3) == Finding(
        "repeating_link", "comments?7@200 leads back to cursor=a"
    )
    assert next(frontier.open_continuations())[0].cursor == "cursor=a"
    frontier.close()


def test_no_list_is_followed_for_ever(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "PAGES_MAX", 5)
    frontier = open_frontier(tmp_path / "x.sqlite")
    guard = PaginationGuard(frontier)
    kinds = []
    for number in range(6):
        task = Task(Request("comments", ("7",), number), (1,))
        finding = guard.follow(
            task, Request("comments", ("7",), number + 1, f"cursor={number}"), 1, 9
        )
        kinds.append(finding.kind if finding else "")
    assert kinds == ["", "", "", "", "endless_list", "endless_list"]
    frontier.close()


@pytest.mark.parametrize(
    ("href", "cursor", "finding"),
    [
        (
            f"{BASE}/tracks/7/comments?cursor=2018,tracks,004&limit=10",
            "cursor=2018%2Ctracks%2C004",
            "",
        ),
        ("http://x.srv.db.s-cloud.net/tracks?cursor=1&client_id=secret", "cursor=1", ""),
        ("api.soundcloud.com/tracks?cursor=1", "cursor=1", ""),
        ("https://api-v2.soundcloud.com/a?offset=10&limit=10&threaded=0", "offset=10", ""),
        ("https://soundcloud.com.evil.example/a?cursor=1", "", "foreign_link"),
        ("https://evil.example/a?cursor=1", "", "foreign_link"),
        ("http://[::1", "", "foreign_link"),
        ("javascript:alert(1)", "", "foreign_link"),
        ("", "", ""),
        (f"{BASE}/tracks?limit=10", "", ""),
    ],
)
def test_only_the_cursor_of_a_link_is_taken(href: str, cursor: str, finding: str) -> None:
    body = msgspec.json.encode({"collection": [], "next_href": href})
    page = SOUNDCLOUD.parse(Request("comments", ("7",)), Response(200, {}, body, f"{BASE}/x"))
    assert [request.cursor for request in page.continues] == ([cursor] if cursor else [])
    assert [finding_.kind for finding_ in page.findings] == ([finding] if finding else [])


def test_a_continued_call_carries_our_own_parameters() -> None:
    request = Request("artist_tracks", ("7",), 200, "cursor=a%2Cb")
    path, query = SOUNDCLOUD.address(request, "official")
    assert path == "/users/soundcloud%3Ausers%3A7/tracks"
    assert query == {
        "access": "playable,preview,blocked",
        "linked_partitioning": "true",
        "limit": "200",
        "cursor": "a,b",
    }


@pytest.mark.parametrize(
    ("name", "want"), [("territory_restricted", "tracks=all"), ("unknown_key", "tracks=all")]
)
def test_what_a_shop_hides_or_adds_costs_only_itself(
    folder, stand_in, name: str, want: str
) -> None:
    _, on, _, finding = OUTCOMES[name]
    url, served = stand_in("beatport", artists=12, faults=[Rule(name, on=on, times=2)])
    result = collect(folder, "beatport", url, want, workers=1)
    kinds = {finding["kind"]: finding["count"] for finding in result.findings}
    assert kinds[finding] >= 1
    if OUTCOMES[name][2] == "whole":
        assert result.records["tracks"]["full"] == served.service.visible()["tracks"]


def test_a_search_that_answers_nothing_finds_nobody(stand_in, folder: Workspace) -> None:
    url, _ = stand_in("beatport", artists=12, faults=[Rule("nothing_found", on="search_artists")])
    from phonofilm.crawl.scope.scopes import Named
    from phonofilm.sources.contract import Link

    named = Named([Link("artist_query", "Nobody")], with_credits=False)
    try:
        result = collect(folder, "beatport", url, "tracks=all", scope=named)
    except PhonofilmError as error:  # pragma: no cover - only when it fails
        pytest.fail(str(error))
    assert [f["kind"] for f in result.findings] == ["unknown_artist"]
