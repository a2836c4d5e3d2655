"""The landing: bodies as they came, names left out, logs cut to what was committed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.errors import LockedError, NewerDataError, StoreError
from phonofilm.files import PARTIAL_SUFFIX
from phonofilm.landing.envelope import COLUMNS, Envelope, RunInfo, wrap
from phonofilm.landing.journal import Journal, LogFolder, whole_lines
from phonofilm.landing.segments import (
    read_segments,
    remove_partials,
    rewrite_segment,
    seal_log,
    segment_paths,
)
from phonofilm.privacy.pseudonyms import pseudonym, pseudonymise
from phonofilm.sources.contract import Request, Response
from phonofilm.workspace import FolderLock, Workspace

STAMP = RunInfo("deezer", "open", "terms", "run-1")
DAY = 86_400_000_000
NOW = 1_780_000_000_000_000


def landed(seq: int, body: bytes, endpoint: str = "artist", at: int = NOW) -> Envelope:
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
    paths = sealed(root, landed(1, body))
    (back,) = read_segments(paths)
    assert back.response.body == body
    assert back.request == Request("artist", ("1", "a,b"), 50)
    assert back == landed(1, body)


def test_columns_are_the_fields_of_an_envelope_in_their_order() -> None:
    assert tuple(COLUMNS) == Envelope.__struct_fields__


def test_cookies_and_other_headers_are_not_kept() -> None:
    assert landed(1, b"{}").headers == {"content-type": "x"}


def test_segments_are_partitioned_and_named_by_their_responses(tmp_path: Path) -> None:
    paths = sealed(
        tmp_path, landed(1, b"{}"), landed(2, b"{}", "album"), landed(3, b"{}", at=NOW + DAY)
    )
    names = sorted(str(path.relative_to(tmp_path)).rsplit("-", 1)[0] for path in paths)
    assert names == [
        "source=deezer/endpoint=album/date=2026-05-28/0000000002-0000000002",
        "source=deezer/endpoint=artist/date=2026-05-28/0000000001-0000000001",
        "source=deezer/endpoint=artist/date=2026-05-29/0000000003-0000000003",
    ]
    assert segment_paths(tmp_path) == sorted(paths)


def test_sealing_again_gives_the_same_files(tmp_path: Path) -> None:
    first = sealed(tmp_path, landed(1, b'{"a": 1}'))
    again = seal_log(tmp_path / "x.ndjson", tmp_path)
    assert first == again
    assert len(list(read_segments(again))) == 1


def test_segments_of_another_run_with_the_same_numbers_replace_nothing(tmp_path: Path) -> None:
    (first,) = sealed(tmp_path, landed(1, b"{}"))
    other = landed(1, b'{"x": 1}')
    other.run = "run-2"
    (tmp_path / "x.ndjson").unlink()
    (second,) = sealed(tmp_path, other)
    assert first != second
    assert len(list(read_segments(segment_paths(tmp_path)))) == 2


def test_a_log_cut_within_a_line_is_read_up_to_the_last_whole_one(tmp_path: Path) -> None:
    log = Journal(tmp_path / "x.ndjson")
    log.add(landed(1, b"{}"))
    whole = log.write()
    log.add(landed(2, b"{}" * 100_000))
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
    log.add(landed(1, b"{}"))
    whole = log.write()
    log.add(landed(2, b"{}"))
    writev = os.writev
    monkeypatch.setattr(os, "writev", lambda fd, lines: writev(fd, [lines[0][:20]]))
    with pytest.raises(StoreError, match="disk"):
        log.write()
    assert log.path.stat().st_size == log.offset == whole
    log.close()


def test_any_engine_reads_the_landing_without_us(tmp_path: Path) -> None:
    sealed(tmp_path, landed(1, b'{"name": "x"}'))
    rows = duckdb.sql(
        f"SELECT source, endpoint, body ->> 'name' FROM read_parquet('{tmp_path}/**/*.parquet')"
    ).fetchall()
    assert rows == [("deezer", "artist", "x")]


def test_a_line_longer_than_the_buffer_is_sealed_too(tmp_path: Path) -> None:
    body = json.dumps({"x": "y" * 6_000_000}).encode()
    (back,) = read_segments(sealed(tmp_path, landed(1, body)))
    assert len(back.body) == len(body)


def test_a_log_is_cut_to_what_was_committed_when_it_is_sealed(tmp_path: Path) -> None:
    logs = LogFolder(tmp_path)
    log = Journal(logs.path("deezer", 1))
    log.add(landed(1, b"{}"))
    committed = log.write()
    log.confirm()
    log.add(landed(2, b"{}"))
    log.write()
    log.close()
    assert logs.seal("deezer") == {1: committed}
    assert [row.seq for row in read_segments(segment_paths(tmp_path))] == [1]


def test_personal_fields_become_the_same_unknown_person() -> None:
    body = (
        b'{"owner":{"id":"ada","display_name":"Ada"},"items":[{"by":{"id":"ada"}},{"by":null},7]}'
    )
    masked = json.loads(
        pseudonymise(body, ["owner.id", "owner.display_name", "items[].by.id"], b"k")
    )
    assert masked["owner"]["id"] == masked["items"][0]["by"]["id"] == pseudonym(b"k", "ada")
    assert masked["owner"]["display_name"] != masked["owner"]["id"]
    assert masked["items"][1:] == [{"by": None}, 7]
    assert pseudonym(b"k", "ada") != pseudonym(b"other", "ada")


@given(body=st.binary(max_size=40))
def test_of_what_is_no_json_only_size_and_hash_are_kept(body: bytes) -> None:
    try:
        json.loads(body)
    except ValueError:
        masked = json.loads(pseudonymise(body, ["a.b", "c[].d"], b"k"))
        assert masked["bytes"] == len(body)
        assert set(masked) == {"withheld", "bytes", "sha256"}


def test_what_is_too_old_is_removed_whole_or_in_part(tmp_path: Path) -> None:
    landing, store = tmp_path / "landing", Workspace(tmp_path).segments()
    sealed(landing, landed(1, b"{}"), landed(2, b"{}"), landed(3, b"{}", at=NOW - 40 * DAY))
    limit = datetime.fromtimestamp((NOW + 2) / 1e6, UTC)
    assert store.delete_before("deezer", limit) == 2
    assert [back.seq for back in read_segments(segment_paths(landing))] == [2]
    assert store.delete_before("spotify", limit) == 0


def test_a_rewrite_changes_drops_and_leaves_responses(tmp_path: Path) -> None:
    (path,) = sealed(tmp_path, landed(1, b"{}"), landed(2, b"[1]"), landed(3, b"[2]"))

    def change(envelope: Envelope) -> Envelope | None:
        if envelope.seq == 1:
            return envelope
        return envelope.with_body(b'{"x":1}') if envelope.seq == 2 else None

    assert rewrite_segment(path, lambda envelope: envelope) == 0
    assert rewrite_segment(path, change) == 2
    first, second = read_segments([path])
    assert first == landed(1, b"{}")
    assert (second.body, second.sha256) == ('{"x":1}', landed(2, b'{"x":1}').sha256)
    assert rewrite_segment(path, lambda _: None) == 2
    assert [p for p in path.parent.iterdir() if p.is_file()] == []


def test_a_rewrite_takes_lines_longer_than_the_buffer(tmp_path: Path) -> None:
    (path,) = sealed(tmp_path, landed(1, b"{}"))
    body = json.dumps({"x": "y" * 6_000_000}).encode()
    assert rewrite_segment(path, lambda envelope: envelope.with_body(body)) == 1
    (back,) = read_segments([path])
    assert back.response.body == body


def test_what_a_killed_process_left_is_never_read_and_is_replaced(tmp_path: Path) -> None:
    (path,) = sealed(tmp_path, landed(1, b"{}"))
    leftover = path.with_name(path.name + PARTIAL_SUFFIX)
    leftover.write_bytes(b"half a segment")
    assert segment_paths(tmp_path) == [path]
    assert seal_log(tmp_path / "x.ndjson", tmp_path) == [path]
    assert not leftover.exists()
    leftover.write_bytes(b"half a segment")
    path.with_suffix(".growing").write_bytes(b"as an older version called it")
    remove_partials(tmp_path)
    assert list(path.parent.iterdir()) == [path]


def test_a_segment_that_cannot_be_written_is_a_failure_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "source=deezer").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="disk"):
        sealed(tmp_path, landed(1, b"{}"))


def test_a_folder_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "phonofilm.json").write_text('{"format": 99}')
    with pytest.raises(NewerDataError, match="newer") as caught:
        Workspace(tmp_path).open()
    assert caught.value.written == 99


def test_a_damaged_marker_is_told_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "phonofilm.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        Workspace(tmp_path).open()


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    folder = Workspace(tmp_path).open()
    with (
        FolderLock(folder, "load"),
        pytest.raises(LockedError, match="is in use: load by process") as caught,
        FolderLock(folder, "x"),
    ):
        pass
    assert caught.value.holder.startswith(f"load by process {os.getpid()} on ")
    with FolderLock(folder, "crawl"):
        pass


HOLD_THE_LOCK = """
import sys, time
from pathlib import Path
from phonofilm.workspace import FolderLock, Workspace

with FolderLock(Workspace(Path(sys.argv[1])), "load of another process"):
    print("locked", flush=True)
    time.sleep(600)
"""


def test_another_process_holds_the_lock_until_it_is_killed(tmp_path: Path) -> None:
    folder = Workspace(tmp_path).open()
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "locked\n"
            with (
                pytest.raises(LockedError, match=f"by process {holder.pid} on .* since 20"),
                FolderLock(folder, "crawl"),
            ):
                pass
        finally:
            holder.kill()
    with FolderLock(folder, "crawl"):
        assert (tmp_path / ".writer").read_text().startswith("crawl by process")
    assert not (tmp_path / ".writer").exists()


def test_a_lock_that_cannot_name_its_holder_is_given_back(tmp_path: Path) -> None:
    folder = Workspace(tmp_path).open()
    (tmp_path / ".writer").mkdir()
    with pytest.raises(StoreError, match="cannot be written"), FolderLock(folder, "load"):
        pass
    (tmp_path / ".writer").rmdir()
    with FolderLock(folder, "load"):
        pass
