"""Findings, logs and signals."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import threading
from pathlib import Path

import pytest

from phonofilm.errors import UsageError
from phonofilm.findings import Findings
from phonofilm.logs import listen, log
from phonofilm.runtime.event_loop import run
from phonofilm.runtime.signals import on_interrupt


@pytest.fixture
def _quiet_afterwards():
    root = logging.getLogger("phonofilm")
    handlers, level, propagates = list(root.handlers), root.level, root.propagate
    yield
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    root.propagate = propagates


def events(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_findings_are_counted_by_kind_and_endpoint_with_the_first_as_example() -> None:
    findings = Findings()
    findings.add("missing", "artist?1@0: HTTP 404", "artist")
    findings.add("throttled", "x" * 400)
    findings.add("missing", "artist?2@0: HTTP 404", "artist")
    assert findings.worst() == "missing: artist?1@0: HTTP 404"
    missing, throttled = findings.rows()
    assert missing == {
        "kind": "missing",
        "count": 2,
        "where": {"artist": 2},
        "example": "artist?1@0: HTTP 404",
    }
    assert throttled["where"] == {}
    assert len(throttled["example"]) == 300
    assert Findings().worst() == ""


@pytest.mark.usefixtures("_quiet_afterwards")
def test_an_event_is_written_once_however_often_commands_listen(tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "logs/second.jsonl"
    for path in (first, second, second):
        listen(path, debug=False)
    log.info("started", source="deezer")
    log.debug("call")
    assert first.read_text() == ""
    assert [event["event"] for event in events(second)] == ["started"]


@pytest.mark.usefixtures("_quiet_afterwards")
def test_with_debug_a_file_has_every_request_too(tmp_path: Path, capsys) -> None:
    listen(tmp_path / "log.jsonl", debug=True)
    log.debug("call", key="artist?1@0")
    assert [event["key"] for event in events(tmp_path / "log.jsonl")] == ["artist?1@0"]
    assert "artist?1@0" in capsys.readouterr().err


@pytest.mark.usefixtures("_quiet_afterwards")
@pytest.mark.parametrize(
    "text",
    ["Bearer s3cret", "basic s3cret==", "http://x/?client_secret=s3cret&a=1", "api_key=s3cret"],
)
def test_no_secret_stands_in_a_log(tmp_path: Path, text: str) -> None:
    listen(tmp_path / "log.jsonl", debug=False)
    log.warning("refused", detail=text)
    (event,) = events(tmp_path / "log.jsonl")
    assert "s3cret" not in event["detail"]
    assert "[hidden]" in event["detail"]


def test_a_log_that_cannot_be_written_is_an_error_of_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        listen(tmp_path / "file" / "log.jsonl", debug=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_all_listeners_and_none_that_has_left(number: signal.Signals) -> None:
    notified: list[str] = []

    async def work() -> None:
        with on_interrupt(lambda: notified.append("first")):
            with on_interrupt(lambda: notified.append("second")):
                os.kill(os.getpid(), number)
                await asyncio.sleep(0.05)
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.05)

    before = signal.getsignal(number)
    run(work())
    assert notified == ["first", "second", "first"]
    assert signal.getsignal(number) in (before, signal.SIG_DFL, signal.default_int_handler)


def test_outside_of_the_main_thread_a_block_runs_without_signals() -> None:
    done: list[bool] = []

    async def work() -> None:
        with on_interrupt(lambda: None):
            done.append(True)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
    assert done == [True]
