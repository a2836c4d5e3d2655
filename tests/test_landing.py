"""The landing: bodies as they came, names left out, logs cut to what was committed."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.errors import LockedError, NewerDataError, StoreError
from phonofilm.landing.envelope import Envelope, RunInfo, wrap
from phonofilm.landing.journal import Journal, whole_lines
from phonofilm.landing.segment_store import SegmentStore, drop_older
from phonofilm.landing.segments import answers, seal_log, segments
from phonofilm.privacy.pseudonyms import pseudonym, pseudonymise
from phonofilm.sources.contract import Request, Response
from phonofilm.workspace import FolderLock, Workspace

STAMP = RunInfo("deezer", "open", "terms", "run-1")
DAY = 86_400_000_000
NOW = 1_780_000_000_000_000


def answer(seq: int, body: bytes, endpoint: str = "artist", at: int = NOW) -> Envelope:
    response = Response(
        200, {"content-type": "x", "set-cookie": "secret"}, body, "http://x/artist/1"
    )
    return wrap(STAMP, seq, Request(endpoint, ("1", "a,b"), 50), response, at + seq)


def sealed(root: Path, *envelopes: Envelope) -> list[Path]:
    log = Journal(root / "x.ndjson")
    for envelope in envelopes:
        log.add(envelope)
    log.write()
    log.close()
    return seal_log(log.path, root)


@given(body=st.binary(max_size=300))
def test_any_body_comes_back_byte_for_byte(tmp_path_factory, body: bytes) -> None:
    root = tmp_path_factory.mktemp("landing")
    paths = sealed(root, answer(1, body))
    (back,) = answers(paths)
    assert back.response.body == body
    assert back.request == Request("artist", ("1", "a,b"), 50)
    assert back == answer(1, body)


def test_cookies_and_other_headers_are_not_kept() -> None:
    assert answer(1, b"{}").headers == {"content-type": "x"}


def test_segments_are_partitioned_and_named_by_theiranswers(tmp_path: Path) -> None:
    paths = sealed(
        tmp_path, answer(1, b"{}"), answer(2, b"{}", "album"), answer(3, b"{}", at=NOW + DAY)
    )
    names = sorted(str(path.relative_to(tmp_path)).rsplit("-", 1)[0] for path in paths)
    assert names == [
        "source=deezer/endpoint=album/date=2026-05-28/0000000002-0000000002",
        "source=deezer/endpoint=artist/date=2026-05-28/0000000001-0000000001",
        "source=deezer/endpoint=artist/date=2026-05-29/0000000003-0000000003",
    ]
    assert segments(tmp_path) == sorted(paths)


def test_sealing_again_gives_the_same_files(tmp_path: Path) -> None:
    first = sealed(tmp_path, answer(1, b'{"a": 1}'))
    again = seal_log(tmp_path / "x.ndjson", tmp_path)
    assert first == again
    assert len(list(answers(again))) == 1


def test_segments_of_another_run_with_the_same_numbers_replace_nothing(tmp_path: Path) -> None:
    (first,) = sealed(tmp_path, answer(1, b"{}"))
    other = answer(1, b'{"x": 1}')
    other.run = "run-2"
    (tmp_path / "x.ndjson").unlink()
    (second,) = sealed(tmp_path, other)
    assert first != second
    assert len(list(answers(segments(tmp_path)))) == 2


def test_a_log_cut_within_a_line_is_read_up_to_the_last_whole_one(tmp_path: Path) -> None:
    log = Journal(tmp_path / "x.ndjson")
    log.add(answer(1, b"{}"))
    whole = log.write()
    log.add(answer(2, b"{}" * 100_000))
    committed = log.write()
    log.close()
    os.truncate(log.path, committed - 7)
    assert whole_lines(log.path, committed) == whole
    os.truncate(log.path, whole)
    assert whole_lines(log.path, committed) == whole
    os.truncate(log.path, 5)
    assert whole_lines(log.path, committed) == 0


def test_a_disk_that_takes_only_a_part_leaves_whole_lines(tmp_path: Path, monkeypatch) -> None:
    log = Journal(tmp_path / "x.ndjson")
    log.add(answer(1, b"{}"))
    whole = log.write()
    log.add(answer(2, b"{}"))
    writev = os.writev
    monkeypatch.setattr(os, "writev", lambda fd, lines: writev(fd, [lines[0][:20]]))
    with pytest.raises(StoreError, match="disk"):
        log.write()
    assert log.path.stat().st_size == log.offset == whole
    log.close()


def test_any_engine_reads_the_landing_without_us(tmp_path: Path) -> None:
    sealed(tmp_path, answer(1, b'{"name": "x"}'))
    rows = duckdb.sql(
        f"SELECT source, endpoint, body ->> 'name' FROM read_parquet('{tmp_path}/**/*.parquet')"
    ).fetchall()
    assert rows == [("deezer", "artist", "x")]


def test_a_line_longer_than_the_buffer_is_sealed_too(tmp_path: Path) -> None:
    body = json.dumps({"x": "y" * 6_000_000}).encode()
    (back,) = answers(sealed(tmp_path, answer(1, body)))
    assert len(back.body) == len(body)


def test_the_log_is_cut_to_what_was_committed(tmp_path: Path) -> None:
    log = Journal(tmp_path / "x.ndjson")
    log.add(answer(1, b"{}"))
    committed = log.write()
    log.add(answer(2, b"{}"))
    log.write()
    log.close()
    again = Journal(tmp_path / "x.ndjson", committed)
    assert again.offset == committed == (tmp_path / "x.ndjson").stat().st_size
    again.close()


def test_personal_fields_become_the_same_unknown_person() -> None:
    body = (
        b'{"owner":{"id":"ada","display_name":"Ada"},"items":[{"by":{"id":"ada"}},{"by":null},7]}'
    )
    kept = json.loads(pseudonymise(body, ["owner.id", "owner.display_name", "items[].by.id"], b"k"))
    assert kept["owner"]["id"] == kept["items"][0]["by"]["id"] == pseudonym(b"k", "ada")
    assert kept["owner"]["display_name"] != kept["owner"]["id"]
    assert kept["items"][1:] == [{"by": None}, 7]
    assert pseudonym(b"k", "ada") != pseudonym(b"other", "ada")


@given(body=st.binary(max_size=40))
def test_of_what_is_no_json_only_size_and_hash_are_kept(body: bytes) -> None:
    try:
        json.loads(body)
    except ValueError:
        kept = json.loads(pseudonymise(body, ["a.b", "c[].d"], b"k"))
        assert kept["bytes"] == len(body)
        assert set(kept) == {"withheld", "bytes", "sha256"}


def test_what_is_too_old_is_removed_whole_or_in_part(tmp_path: Path) -> None:
    landing, shelf = tmp_path / "landing", SegmentStore(Workspace(tmp_path))
    sealed(landing, answer(1, b"{}"), answer(2, b"{}"), answer(3, b"{}", at=NOW - 40 * DAY))
    limit = datetime.fromtimestamp((NOW + 2) / 1e6, UTC)
    assert drop_older(shelf, "deezer", limit) == 2
    assert [back.seq for back in answers(segments(landing))] == [2]
    assert drop_older(shelf, "spotify", limit) == 0


def test_a_folder_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "phonofilm.json").write_text('{"format": 99}')
    with pytest.raises(NewerDataError, match="newer"):
        Workspace(tmp_path).open()


def test_a_damaged_marker_is_told_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "phonofilm.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        Workspace(tmp_path).open()


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    folder = Workspace(tmp_path).open()
    with (
        FolderLock(folder, "load"),
        pytest.raises(LockedError, match="load by process"),
        FolderLock(folder, "x"),
    ):
        pass
    with FolderLock(folder, "crawl"):
        pass
