"""Processes of the demo: sandboxes, and commands as a person would type them."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phonofilm.errors import PhonofilmError, StoreError

_TIMEOUT_SECONDS = 60.0
# Chosen, not tuned: enough requests that a crash loses visible work, few enough for half a minute.
_REQUESTS_BEFORE_KILL = 300
_POLL_SECONDS = 0.05


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start `phonofilm ARGUMENTS` with its standard output in a pipe."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "phonofilm", *arguments], stdout=subprocess.PIPE, text=True
    )


def run_json(*arguments: str, data: Path) -> dict[str, Any]:
    """Run `phonofilm ARGUMENTS --json` in a data folder and return its document.

    PhonofilmError when the command ends with another exit code than 0.
    """
    process = start(*arguments, "--data", str(data), "--json")
    output, _ = process.communicate()
    if process.returncode:
        command = " ".join(arguments[:2])
        raise PhonofilmError(f"`{command}` ended with exit code {process.returncode}.")
    document: dict[str, Any] = json.loads(output)
    return document


@contextlib.contextmanager
def sandbox(sources: str, *options: str) -> Iterator[str]:
    """Run a sandbox of sources while the block runs; yield its address."""
    process = start("sandbox", sources, *options)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise StoreError(
                f"The sandbox of {sources} did not start.",
                next_step=f"Try: phonofilm sandbox {sources}",
            )
        yield str(json.loads(line)["url"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        if process.stdout:
            process.stdout.close()


def get_json(url: str) -> dict[str, Any]:
    """Return the JSON document at an address of a sandbox."""
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - loopback
        document: dict[str, Any] = json.load(response)
    return document


def crawl_and_kill(*arguments: str, data: Path, url: str) -> int:
    """Crawl until the sandbox answered a few hundred requests, then kill the crawler.

    SIGKILL is what a crash is like: nothing can be saved any more. Returns the requests made.
    """
    process = start(*arguments, "--data", str(data), "--json")
    while _count_requests(url) < _REQUESTS_BEFORE_KILL and process.poll() is None:
        time.sleep(_POLL_SECONDS)
    process.kill()
    process.communicate()
    return _count_requests(url)


def _count_requests(url: str) -> int:
    """Return how many requests a sandbox answered, those for tokens not counted."""
    by_endpoint = get_json(f"{url}/__sandbox__/stats")["calls"]
    return sum(sum(counts.values()) for name, counts in by_endpoint.items() if name != "token")
