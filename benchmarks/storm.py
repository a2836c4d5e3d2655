"""Kill -9 at random moments, and damaged files: `make storm`, or python -m benchmarks.storm.

Each verb is run in a forked child, killed at a moment drawn over its measured duration, run again
to its end, and compared with an undisturbed run on a copy of the same folder. Then files of a
folder are cut, overwritten, replaced or removed, and the clock is moved: the next run must say what
is wrong or end with the truth. The parent has all modules imported and starts no thread, so that a
child costs a fork. The exit code is 1 when anything was lost in silence.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import itertools
import math
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
from tests.conftest import collect
from tests.warehouses import import_films

from benchmarks.damages import DAMAGES
from phonofilm.config import Settings
from phonofilm.crawl.scope.scopes import Everything
from phonofilm.enrich.enrich import EnrichOptions, EnrichResult, enrich
from phonofilm.erasure.person import erase_person
from phonofilm.erasure.retention import purge
from phonofilm.errors import PhonofilmError, UsageError
from phonofilm.identity.match import match
from phonofilm.records import RECORDS, columns
from phonofilm.sandbox.kernel.server import Plan, link_servers, make_world, running
from phonofilm.sql import identifier
from phonofilm.warehouse.export.export import export
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot, publish
from phonofilm.workspace import FolderLock, Workspace

ATTEMPTS_MAX = 12
"""Kills of one folder before the verb is left to run to its end."""
FILES = ("artwork", "profile", "waveform", "samples")
"""Roles of files that `crawl --media` of the storm fetches."""
FIELDS = [("artist", "genres"), ("track", "preview_url")]
PLANNED = ("spotify", "deezer", "listenbrainz")
"""Sources that `crawl --plan` of the storm may request."""
CLOCKS = {"clock an hour back": -3600.0, "clock a day on": 86_400.0}
_OK, _FAILED, _REFUSED = 0, 1, 2


class Verb(NamedTuple):
    """A verb of the storm: what it needs to have run before, and what it does to a folder."""

    name: str
    needs: tuple[str, ...]
    act: Callable[[Workspace], object]
    volatile: bool = False
    """Rows are compared without times and hashes, because every run requests anew."""
    result: Callable[[Workspace], dict[str, object]] | None = None
    """What is compared instead of all rows, where several ways lead to the goal."""

    def digest(self, folder: Workspace) -> dict[str, object] | dict[str, int]:
        """Return what two folders have in common in which this verb ran to its end."""
        return self.result(folder) if self.result else digest(folder, self.volatile)


def digest(folder: Workspace, volatile: bool) -> dict[str, int]:
    """Return a hash of the rows of each table, of the exported files, and of those of media."""
    load(folder)
    hashes = {}
    with open_snapshot(folder) as connection:
        for cls in RECORDS:
            if volatile and cls.kind == "list_page":
                continue
            names = ", ".join(identifier(c.name) for c in columns(cls))
            names += "" if volatile else ", first_seen, last_seen, answer"
            rows = connection.execute(f"SELECT {names} FROM {cls.plural}").fetchall()
            hashes[cls.plural] = hash(frozenset(map(repr, rows)))
        for table in ("links", "identity.members"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
            hashes[table] = hash(frozenset(map(repr, rows)))
    for path in sorted(folder.root.glob("out.parquet")):
        rows = duckdb.sql(f"SELECT * FROM '{path}'").fetchall()
        hashes[path.name] = hash(frozenset(map(repr, rows)))
    stored = sorted(path for path in folder.root.glob("media/??/*") if path.suffix != ".growing")
    hashes["files of media"] = hash(tuple((path.name, path.stat().st_size) for path in stored))
    return hashes


def in_child(act: Callable[[], object], kill_after: float | None = None) -> tuple[int | None, str]:
    """Run a function in a forked child; return its exit code, None when it was killed, and a text.

    Exit code 2 is a PhonofilmError, whose message is the text.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _run_child(act, write)
    os.close(write)
    if kill_after is not None:
        _kill_at(pid, kill_after)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    return (os.WEXITSTATUS(status) if os.WIFEXITED(status) else None), text


def _run_child(act: Callable[[], object], write: int) -> None:
    """Run a function, write its result or error, and end the process without clean-up."""
    code, text = _OK, ""
    try:
        text = repr(act())
    except PhonofilmError as error:
        code, text = _REFUSED, str(error)
    except BaseException:  # a child must not return into the loop of its parent
        code, text = _FAILED, traceback.format_exc()
    with contextlib.suppress(OSError):
        os.write(write, text.encode()[-60_000:])
    os._exit(code)


def _kill_at(pid: int, seconds: float) -> None:
    """Kill a child after so many seconds, unless it ended before."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.001)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def must(act: Callable[[], object]) -> str:
    """Run a function in a child that must end well; return its result as text."""
    code, text = in_child(act)
    if code != _OK:
        raise RuntimeError(text)
    return text


class Storm:
    """Kills and damages in a scratch folder, with the servers of the worlds."""

    def __init__(self, scratch: Path, urls: dict[str, str], rng: random.Random) -> None:
        self._scratch, self._urls, self._rng = scratch, urls, rng
        self._number = 0
        self.verbs = {verb.name: verb for verb in self._verbs()}
        self.results: Counter[str] = Counter()
        self.losses: list[str] = []
        self._templates: dict[tuple[str, ...], Path] = {}
        self._truths: dict[str, tuple[str, float]] = {}

    def _verbs(self) -> Iterator[Verb]:
        spotify, soundcloud = self._urls["spotify"], self._urls["soundcloud"]
        everything = ("artists=all", "albums=all", "tracks=all", "playlists=all")
        yield Verb(
            "crawl", (), lambda folder: collect(folder, "spotify", spotify, *everything), True
        )
        yield Verb(
            "comments",
            (),
            lambda folder: collect(folder, "soundcloud", soundcloud, "artists=all", "comments=all"),
            True,
        )
        yield Verb(
            "crawl --media",
            (),
            lambda folder: collect(folder, "soundcloud", soundcloud, "tracks=all", media=FILES),
            True,
        )
        planned = self._urls["planned"]
        yield Verb(
            "crawl --plan",
            (),
            lambda folder: _plan(folder, planned),
            result=lambda folder: _planned_fields(_plan(folder, planned)),
        )
        yield Verb("load", ("crawl",), load)
        yield Verb("match", ("crawl", "load"), match)
        yield Verb("publish", ("crawl", "load"), _publish)
        yield Verb("export", ("crawl", "load"), _export)
        yield Verb("purge", ("crawl", "load"), _purge)
        yield Verb(
            "import", (), lambda folder: import_films(folder, 60, folder.root / "files"), True
        )
        yield Verb("forget", ("comments", "load"), _forget)

    def _new(self, template: Path | None) -> Workspace:
        """Return a new folder, or a copy of a template."""
        self._number += 1
        root = self._scratch / f"{self._number:05}"
        if template is not None:
            shutil.copytree(template, root)
        return Workspace(root)

    def template(self, steps: tuple[str, ...]) -> Path | None:
        """Return a folder in which the verbs of `steps` ran; made once."""
        if not steps:
            return None
        if steps not in self._templates:
            folder = self._new(self.template(steps[:-1]))
            must(lambda: self.verbs[steps[-1]].act(folder))
            self._templates[steps] = folder.root
        return self._templates[steps]

    def truth(self, verb: Verb) -> tuple[str, float]:
        """Return the digest after an undisturbed run of a verb, and its duration in seconds."""
        if verb.name not in self._truths:
            folder = self._new(self.template(verb.needs))
            began = time.monotonic()
            must(lambda: verb.act(folder))
            elapsed = time.monotonic() - began
            truth = must(lambda: verb.digest(folder))
            self._truths[verb.name] = truth, elapsed
            shutil.rmtree(folder.root)
        return self._truths[verb.name]

    def kill(self, verb: Verb, kills: int) -> int:
        """Kill a verb in one folder some times, run it to the end and compare; return the kills."""
        truth, seconds = self.truth(verb)
        folder, done = self._new(self.template(verb.needs)), 0
        for _ in range(min(kills, 1 + self._rng.randrange(3), ATTEMPTS_MAX)):
            moment = self._rng.uniform(0.0, 1.05 * seconds)
            code, text = in_child(lambda: verb.act(folder), moment)
            if code is None:
                done += 1
            elif code != _OK:
                self._lost(f"{verb.name} after a kill: {text}")
        self._finish(verb, folder, truth)
        self.results[verb.name] += done
        return done

    def _finish(self, verb: Verb, folder: Workspace, truth: str) -> None:
        code, text = in_child(lambda: verb.act(folder))
        if code != _OK:
            self._lost(f"{verb.name} after kills: {text}")
            return
        code, text = in_child(lambda: verb.digest(folder))
        if code != _OK or text != truth:
            self._lost(f"{verb.name}: {_difference(code, text, truth)} in {folder.root}")
            return
        shutil.rmtree(folder.root)

    def _lost(self, text: str) -> None:
        self.losses.append(text)
        print(f"LOST {text}", file=sys.stderr, flush=True)

    def damage(
        self, name: str, hurt: Callable[[Workspace], object], clock_seconds: float = 0.0
    ) -> None:
        """Damage a folder that was crawled, killed and loaded; crawl and load it again.

        `clock_seconds` is how far the clock is moved before that.
        """
        verb = self.verbs["crawl"]
        truth, seconds = self.truth(verb)
        folder = self._new(None)
        in_child(lambda: verb.act(folder), 0.6 * seconds)
        in_child(lambda: load(folder) if self._rng.random() < 0.5 else None)
        in_child(lambda: verb.act(folder), 0.3 * seconds)
        hurt(folder)
        steps = (lambda: verb.act(folder), lambda: load(folder), lambda: digest(folder, True))
        text = ""
        for step in steps:
            code, text = in_child(partial(_with_clock, step, clock_seconds))
            if code == _REFUSED:
                self.results[f"{name}: refused"] += 1
                return
            if code != _OK:
                self._lost(f"{name}: {text[-600:]}")
                return
        self.results[f"{name}: recovered"] += 1
        if text != truth:
            self._lost(f"{name}: {_difference(code, text, truth)}, in silence, in {folder.root}")


def _with_clock(act: Callable[[], object], seconds: float) -> object:
    """Run a function with the wall clock moved; only in a child, because it stays moved."""
    now = time.time
    time.time = lambda: now() + seconds
    return act()


def _difference(code: int | None, text: str, truth: str) -> str:
    """Name the tables that differ from those of an undisturbed run, or the error."""
    if code != _OK:
        return text[-600:]
    rows, expected = ast.literal_eval(text), ast.literal_eval(truth)
    return "other rows in " + ", ".join(t for t in expected if rows.get(t) != expected[t])


def _plan(folder: Workspace, url: str) -> EnrichResult:
    options = EnrichOptions("spotify", None, FIELDS, Everything(), at=url)
    return enrich(folder, Settings(), options)


def _planned_fields(again: EnrichResult) -> dict[str, object]:
    """Return what a plan that is carried out once more has to say: the same, without a request."""
    shares: dict[str, object] = dict(again.after)
    return shares | {"artists": again.artists, "requests": sum(again.calls.values())}


def _export(folder: Workspace) -> object:
    return export(folder, "tracks", "parquet", folder.root / "out.parquet")


def _publish(folder: Workspace) -> object:
    with FolderLock(folder, "publish"):
        return publish(folder)


def _purge(folder: Workspace) -> object:
    return purge(folder, datetime.now(UTC) + timedelta(days=31))


def _forget(folder: Workspace) -> object:
    """Forget the person who wrote most comments, or nobody when that was done."""
    note = folder.root / "person"
    if not note.exists():
        with open_snapshot(folder) as connection:
            (who,) = connection.execute(
                "SELECT user_id FROM comments WHERE user_id IS NOT NULL"
                " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
            ).fetchall()[0]
        note.write_text(who)
    with contextlib.suppress(UsageError):  # nobody of that name: an earlier run came to its end
        erase_person(folder, note.read_text())
    return None


_CRAWLED = Plan("spotify", "extended-legacy", artists=40, rate="none")
_HEARD = Plan("soundcloud", artists=12, rate="none")


def _planned(stack: contextlib.ExitStack) -> str:
    """Serve the sources of a field plan in one world, and return the address of the first."""
    world = make_world(Plan("spotify", artists=3))
    served = [stack.enter_context(running(Plan(s, rate="none"), world)) for s in PLANNED]
    link_servers([server for _, server in served], [url for url, _ in served])
    return served[0][0]


@contextlib.contextmanager
def worlds() -> Iterator[dict[str, str]]:
    """Serve the sandboxes in a process of their own, so that this one starts no thread."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.ExitStack() as stack:
            urls = {
                "spotify": stack.enter_context(running(_CRAWLED))[0],
                "soundcloud": stack.enter_context(running(_HEARD))[0],
                "planned": _planned(stack),
            }
            os.write(write, repr(urls).encode())
            signal.pause()
    try:
        yield ast.literal_eval(os.read(read, 4096).decode())
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def run_storm(
    kills: int,
    seed: int,
    scratch: Path,
    damages: bool = True,
    verbs: tuple[str, ...] = (),
    seconds: float = math.inf,
) -> Storm:
    """Kill verbs in turn, all without `verbs`, until so many kills were made; then damage files.

    After so many seconds no further verb is killed.
    """
    rng, until = random.Random(seed), time.monotonic() + seconds
    with worlds() as urls:
        storm = Storm(scratch, urls, rng)
        made = attempts = 0
        names = itertools.cycle(verbs or storm.verbs)
        while made < kills and attempts < 4 * kills and time.monotonic() < until:
            attempts += 1  # a verb may end before it is killed
            made += storm.kill(storm.verbs[next(names)], kills - made)
        for name, hurt in DAMAGES.items() if damages else ():
            storm.damage(name, hurt)
        for name, seconds in CLOCKS.items() if damages else ():
            storm.damage(name, lambda _: None, seconds)
    return storm


class Shard(NamedTuple):
    """The part of a storm that one process plays."""

    kills: int
    seed: int
    damages: bool
    verbs: tuple[str, ...]
    seconds: float


def play(shard: Shard) -> tuple[Counter[str], list[str]]:
    """Play a part in a scratch folder of its own; return what came, and what was lost."""
    with tempfile.TemporaryDirectory(prefix="storm-", ignore_cleanup_errors=True) as scratch:
        home = Path(scratch) / "home"
        os.environ |= {"XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        storm = run_storm(
            shard.kills, shard.seed, Path(scratch), shard.damages, shard.verbs, shard.seconds
        )
    return storm.results, storm.losses


def shards(options: argparse.Namespace) -> list[Shard]:
    """Split the kills among processes; the first one damages files, too."""
    verbs = tuple(filter(None, options.verbs.split(",")))
    count = max(1, min(options.processes, options.kills))
    share, rest = divmod(options.kills, count)
    return [
        Shard(
            kills=share + (number < rest),
            seed=options.seed + 1000 * number,
            damages=not verbs and number == 0,
            verbs=verbs,
            seconds=options.seconds,
        )
        for number in range(count)
    ]


def main() -> int:
    """Run the storm as the command line says and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="no kill after so many")
    parser.add_argument("--verbs", default="", help="some of them, with commas; all without it")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    began = time.monotonic()
    results, losses = Counter[str](), list[str]()
    # Forked before any thread starts, as the children of each part are.
    with ProcessPoolExecutor(options.processes, multiprocessing.get_context("fork")) as pool:
        for more, lost in pool.map(play, shards(options)):
            results += more
            losses += lost
    for name, count in sorted(results.items()):
        print(f"{count:6} {name}")
    for loss in losses:
        print(f"LOST {loss}")
    print(f"{len(losses)} losses, seed {options.seed}, {time.monotonic() - began:.0f} s")
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
