"""Fuzz all parsers of all sources: `make fuzz`, or python -m benchmarks.fuzz --seconds 60.

Genuine bodies of every endpoint are changed in structure (a value replaced, retyped, renamed,
repeated, removed) or in bytes (cut, flipped, spliced), and parsed. A parser may refuse a body with
`Malformed`; any other error, and a record without an id or with a value that its column cannot
hold, is a failure. Failures are told apart by the error and the line it comes from, reduced, and
stored in `build/fuzz/`. The end says bodies per second; the exit code is 1 after a failure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import queue
import random
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tests.genuine import ENDPOINTS, cut, genuine

from phonofilm.sources import get
from phonofilm.sources.contract import Malformed, Request, Response
from phonofilm.warehouse.load.staging import fits

FOLDER = Path("build/fuzz")
CORPUS_PER_ENDPOINT = 3
ITEMS_MAX = 3
BATCH = 500
ODD_SCALARS = [None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 1e308, 0.5]
ODD_TEXTS = [
    "",
    " ",
    "0",
    "null",
    "NaN",
    "[unknown]",
    "\u0000",
    "\u2028",
    "0000-00-00",
    "2023-02-31",
]
ODD_TEXTS += ["a" * 300, "https://", "http://[", "spotify:track:", "🎬"]
ODD_PARTS = [[], {}, [None], [[]], {"id": None}, {"id": 0}, [{"id": -1}]]
ODD_VALUES: list[Any] = [*ODD_SCALARS, *ODD_TEXTS, *ODD_PARTS]
ODD_BYTES = [
    b"NaN",
    b"Infinity",
    b"1e999",
    b"\xff",
    b'"',
    b"{",
    b"[",
    b"\\ud800",
    b"\x00",
    b",",
    b":",
]


class Sample(NamedTuple):
    """A genuine body of an endpoint, with the request that it is a response to."""

    source: str
    request: Request
    headers: dict[str, str]
    body: bytes


class Failure(NamedTuple):
    """A body that a parser does not survive; `signature` is the error and where it was raised."""

    signature: str
    source: str
    endpoint: str
    body: bytes


def corpus() -> list[Sample]:
    """Return genuine bodies of all endpoints, with at most three items a list."""
    samples = []
    for source, endpoint in ENDPOINTS:
        for first in range(CORPUS_PER_ENDPOINT):
            request, response = genuine(source, endpoint, first)
            body = response.body
            with contextlib.suppress(ValueError):  # a page of HTML stays as it is
                body = json.dumps(cut(json.loads(body), ITEMS_MAX)).encode()
            headers = dict(response.headers)
            samples.append(Sample(source, request, headers, body))
            if saved := get(source).saved_endpoint:
                samples.append(Sample(source, Request(saved), headers, body))
    return samples


def mutate(rng: random.Random, body: bytes) -> bytes:
    """Change a body once to three times; one in four in its bytes."""
    if rng.random() < 0.25:
        return mutate_bytes(rng, body)
    try:
        tree = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return mutate_bytes(rng, body)
    for _ in range(rng.choice((1, 1, 2, 3))):
        tree = mutate_tree(rng, tree)
    try:
        return msgspec.json.encode(tree)
    except RecursionError:  # nested too deeply to be written: the body as it was
        return body
    except (ValueError, OverflowError):
        return json.dumps(tree).encode()


def mutate_tree(rng: random.Random, tree: Any) -> Any:
    """Change one part of a tree, in its own lists and objects where it has any."""
    node, parent, key = tree, None, None
    while isinstance(node, dict | list) and node and (parent is None or rng.random() < 0.8):
        parent = node
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        node = parent[key]
    if parent is None:
        return rng.choice(ODD_VALUES)
    kind = rng.randrange(5)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, dict):
        parent[f"{key}_"] = parent.pop(key)
    elif kind == 1 or kind == 2:
        parent[key] = [node] if rng.random() < 0.5 else {"value": node}
    elif kind == 3 and not isinstance(node, dict | list):
        parent[key] = str(node) if rng.random() < 0.5 else [node, node]
    else:
        parent[key] = rng.choice(ODD_VALUES)
    return tree


def mutate_bytes(rng: random.Random, body: bytes) -> bytes:
    """Cut, flip, insert or move bytes."""
    if not body:
        return rng.choice(ODD_BYTES)
    at, kind = rng.randrange(len(body)), rng.randrange(4)
    if kind == 0:
        return body[:at]
    if kind == 1:
        return body[:at] + bytes((rng.randrange(256),)) + body[at + 1 :]
    if kind == 2:
        return body[:at] + rng.choice(ODD_BYTES) + body[at:]
    end = min(len(body), at + rng.randrange(1, 40))
    to = rng.randrange(len(body))
    return body[:to] + body[at:end] + body[to:]


def failure_of(sample: Sample, body: bytes) -> str | None:
    """Parse a body; return what is wrong with the outcome, None when nothing is."""
    response = Response(200, sample.headers, body, "http://x")
    try:
        page = get(sample.source).parse(sample.request, response)
    except Malformed as error:
        return None if str(error) else "Malformed without a reason"
    except Exception as error:  # any error is what is looked for
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    for record in page.records:
        if not isinstance(record.id, str) or not record.id:
            return f"{record.kind} without an id"
        if not fits(record):
            return f"{record.kind} with a value that no column can hold"
    return None


def reduced(sample: Sample, body: bytes, signature: str) -> bytes:
    """Remove parts of a body while it fails in the same way."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        return body
    smaller = True
    while smaller:
        smaller = False
        for changed in _without_one(tree):
            if failure_of(sample, json.dumps(changed).encode()) == signature:
                tree, smaller = changed, True
                break
    shortest = json.dumps(tree).encode()
    return shortest if failure_of(sample, shortest) == signature else body


def _without_one(node: Any) -> Iterator[Any]:
    """Yield trees that lack one part, the greatest parts first."""
    keys = (
        list(node) if isinstance(node, dict) else range(len(node) if isinstance(node, list) else 0)
    )
    for key in keys:
        copy = node.copy()
        del copy[key]
        yield copy
    for key in keys:
        for child in _without_one(node[key]):
            copy = node.copy()
            copy[key] = child
            yield copy


def work(
    samples: list[Sample], seed: int, until: float, bodies: int, found: Any, count: Any
) -> None:
    """Fuzz until an instant, or until all workers together parsed so many bodies."""
    rng, seen = random.Random(seed), set[str]()
    while time.monotonic() < until and count.value < bodies:
        for _ in range(BATCH):
            sample = rng.choice(samples)
            body = mutate(rng, sample.body)
            signature = failure_of(sample, body)
            if signature and (key := f"{sample.source} {signature}") not in seen:
                seen.add(key)
                body = reduced(sample, body, signature)
                found.put(Failure(signature, sample.source, sample.request.endpoint, body))
        with count.get_lock():
            count.value += BATCH


def fuzz(seconds: float, bodies: int, workers: int, seed: int) -> tuple[int, float, list[Failure]]:
    """Fuzz in so many processes; return the bodies, the seconds and the distinct failures."""
    context = multiprocessing.get_context("fork")
    samples, found, count = corpus(), context.Queue(), context.Value("q", 0)
    began = time.monotonic()
    processes = [
        context.Process(
            target=work, args=(samples, seed * 1000 + n, began + seconds, bodies, found, count)
        )
        for n in range(workers)
    ]
    for process in processes:
        process.start()
    failures: dict[tuple[str, str], Failure] = {}
    while any(process.is_alive() for process in processes) or not found.empty():
        try:
            failure = found.get(timeout=0.5)
        except queue.Empty:
            continue
        failures.setdefault((failure.source, failure.signature), failure)
    for process in processes:
        process.join()
    return count.value, time.monotonic() - began, list(failures.values())


def main() -> int:
    """Fuzz as the command line says, print the figures, and store the failures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--bodies", type=int, default=10_000_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    bodies, elapsed, failures = fuzz(options.seconds, options.bodies, options.workers, options.seed)
    print(f"{bodies:,} bodies of {len(ENDPOINTS)} endpoints in {elapsed:.0f} s")
    print(f"{bodies / elapsed:,.0f} bodies per second, seed {options.seed}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, failure in enumerate(failures):
        path = FOLDER / f"{failure.source}-{failure.endpoint}-{number}.body"
        path.write_bytes(failure.body)
        print(f"{failure.source} {failure.endpoint}: {failure.signature}: {path}")
        print(f"    {failure.body[:200]!r}")
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
