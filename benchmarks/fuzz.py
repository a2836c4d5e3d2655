"""Fuzz all parsers of all sources: `make fuzz`, or python -m benchmarks.fuzz --seconds 60.

Genuine bodies of every endpoint are changed in structure (a value replaced, retyped, renamed,
repeated, removed) or in bytes (cut, flipped, spliced), and parsed: as responses, and as bodies and
pages that a person saved, whose JSON is changed inside the page. A parser may refuse a body with
`Malformed`; any other error, and a record without an id or with a value that its column cannot
hold, is a failure. With every so many bodies one file of a dump is changed and read. Failures are
told apart by the error and the line it comes from, reduced, and stored in `build/fuzz/`. The end
says bodies per second; the exit code is 1 after a failure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import queue
import random
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tests.genuine import ENDPOINTS, cut, genuine

from benchmarks.fuzz_dumps import Dump, corpus_of_dumps, mutate_dump, read_dump
from phonofilm.sources import get
from phonofilm.sources.contract import Malformed, Request, Response
from phonofilm.warehouse.load.staging import fits

FOLDER = Path("build/fuzz")
CORPUS_PER_ENDPOINT = 3
ITEMS_MAX = 3
BATCH = 500
BATCHES_PER_DUMP = 5
"""A file of a dump takes as long as about three batches of bodies (2026-11-30)."""
PAGE_SHARE = 0.75
"""Changes of a page that go into its JSON; the others go into its bytes."""
_SCRIPT = re.compile(rb"(<script[^>]*>[^<\[{]*)([\[{].*?)(;?\s*</script>)", re.DOTALL)
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
    is_saved: bool = False


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
                samples.append(Sample(source, Request(saved), headers, body, is_saved=True))
                if wrap := PAGES.get(source):
                    page = wrap(body)
                    samples.append(Sample(source, Request(saved), headers, page, is_saved=True))
    return samples


def _hydrated(body: bytes) -> bytes:
    rows = b'[{"hydratable":"sound","data":%s}]' % body
    return b"<html><script>window.__sc_hydration = %s;</script></html>" % rows


def _dehydrated(body: bytes) -> bytes:
    state = b'{"state":{"data":%s},"queryKey":["x"]}' % body
    tree = b'{"props":{"pageProps":{"dehydratedState":{"queries":[%s]}}}}' % state
    return b'<html><script id="__NEXT_DATA__" type="application/json">%s</script></html>' % tree


PAGES: dict[str, Callable[[bytes], bytes]] = {"soundcloud": _hydrated, "beatport": _dehydrated}
"""Pages around a body, as the sites write them; pages of IMDb are an endpoint of their own."""


def mutate(rng: random.Random, body: bytes) -> bytes:
    """Change a body once to three times; one in four in its bytes."""
    if (scripts := list(_SCRIPT.finditer(body))) and rng.random() < PAGE_SHARE:
        script = rng.choice(scripts)
        return body[: script.start(2)] + mutate(rng, script[2]) + body[script.end(2) :]
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
    response, request = Response(200, sample.headers, body, "http://x"), sample.request
    source = get(sample.source)
    try:
        if sample.is_saved:
            response = source.strip(response)
            request = source.identify(response)
        page = source.parse(request, response)
    except Malformed as error:
        return None if str(error) else "Malformed without a reason"
    except Exception as error:  # any error is what is looked for
        return _signature(error)
    for record in page.records:
        if not isinstance(record.id, str) or not record.id:
            return f"{record.kind} without an id"
        if not fits(record):
            return f"{record.kind} with a value that no column can hold"
    return None


def failure_of_dump(dump: Dump, file: bytes) -> str | None:
    """Read a file of a dump; return what is wrong with the outcome, None when nothing is."""
    try:
        read_dump(dump, file)
    except Exception as error:  # any error is what is looked for
        return _signature(error)
    return None


def _signature(error: Exception) -> str:
    """Name an error and the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


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


class Corpus(NamedTuple):
    """All that is changed: bodies of responses, and files of dumps."""

    samples: list[Sample]
    dumps: list[Dump]


class Counters(NamedTuple):
    """Counters and failures that all workers share."""

    bodies: Any
    dumps: Any
    failures: Any


def work(corpus: Corpus, seed: int, until: float, bodies: int, shared: Counters) -> None:
    """Fuzz until an instant, or until all workers together parsed so many bodies."""
    rng, seen = random.Random(seed), set[str]()
    batches = 0
    while time.monotonic() < until and shared.bodies.value < bodies:
        for _ in range(BATCH):
            _fuzz_body(rng, corpus.samples, seen, shared)
        batches += 1
        if batches % BATCHES_PER_DUMP == 0:
            _fuzz_dump(rng, corpus.dumps, seen, shared)
        with shared.bodies.get_lock():
            shared.bodies.value += BATCH


def _fuzz_body(rng: random.Random, samples: list[Sample], seen: set[str], shared: Counters) -> None:
    sample = rng.choice(samples)
    body = mutate(rng, sample.body)
    signature = failure_of(sample, body)
    if signature and (key := f"{sample.source} {signature}") not in seen:
        seen.add(key)
        body = reduced(sample, body, signature)
        shared.failures.put(Failure(signature, sample.source, sample.request.endpoint, body))


def _fuzz_dump(rng: random.Random, dumps: list[Dump], seen: set[str], shared: Counters) -> None:
    dump = rng.choice(dumps)
    file = mutate_dump(rng, dump, mutate_bytes, mutate)
    signature = failure_of_dump(dump, file)
    if signature and (key := f"{dump.source} {signature}") not in seen:
        seen.add(key)
        shared.failures.put(Failure(signature, dump.source, dump.table, file))
    with shared.dumps.get_lock():
        shared.dumps.value += 1


class Result(NamedTuple):
    """How much was fuzzed in how many seconds, and the distinct failures."""

    bodies: int
    dumps: int
    seconds: float
    failures: list[Failure]


def fuzz(seconds: float, bodies: int, workers: int, seed: int) -> Result:
    """Fuzz in so many processes."""
    context = multiprocessing.get_context("fork")
    whole = Corpus(corpus(), corpus_of_dumps())
    found = context.Queue()
    shared = Counters(context.Value("q", 0), context.Value("q", 0), found)
    began = time.monotonic()
    processes = [
        context.Process(target=work, args=(whole, seed * 1000 + n, began + seconds, bodies, shared))
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
    elapsed = time.monotonic() - began
    return Result(shared.bodies.value, shared.dumps.value, elapsed, list(failures.values()))


def main() -> int:
    """Fuzz as the command line says, print the figures, and store the failures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--bodies", type=int, default=10_000_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    result = fuzz(options.seconds, options.bodies, options.workers, options.seed)
    bodies, elapsed, failures = result.bodies, result.seconds, result.failures
    print(f"{bodies:,} bodies of {len(ENDPOINTS)} endpoints in {elapsed:.0f} s")
    print(f"{result.dumps:,} files of dumps")
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
