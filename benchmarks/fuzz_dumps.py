"""Changed files of dumps, for the fuzzing: read as an import and a load read them."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import zstandard
from tests.test_archives import FMA, RHYTHM, TONAL

from phonofilm.errors import PhonofilmError
from phonofilm.imports.dump_checks import DumpChecks
from phonofilm.landing.dump_views import DumpViews, UnparsableDump
from phonofilm.landing.dumps import DumpFile, Dumps, Generation
from phonofilm.net.partial_file import Validators
from phonofilm.sandbox.services.imdb import dumps as imdb
from phonofilm.sandbox.services.musicbrainz import dumps as musicbrainz
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sandbox.worlds.generated import GeneratedWorld
from phonofilm.sources import get_bulk
from phonofilm.sources.bulk.contract import BulkSource
from phonofilm.warehouse.engines.batches import DumpInfo, RecordBatches

LINES_MAX = 12
ODD_CELLS = [b"", b" ", b"\\N", b"nan", b"inf", b"-1", b"0", b"1e3", b"9" * 30, b"1.5", b"7,8"]
ODD_CELLS += [b'"', b'"a\nb"', b"\xff", b"\x00", b"2023-02-31", b"[21, x]", b"tt0", b"\xe2\x80\xa8"]
_ODD_VALUES = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)
_GENRES = "genre_id,#tracks,parent,title,top_level\n21,8389,0,Hip-Hop,21\n38,9,21,Trip,21\n"
Mutate = Callable[[random.Random, bytes], bytes]


class Dump(NamedTuple):
    """A genuine table of a dump, unpacked, with a few lines."""

    source: str
    table: str
    text: bytes


def corpus_of_dumps() -> list[Dump]:
    """Return small tables of all dumps."""
    films, songs = FilmWorld(30), GeneratedWorld(3, 7)
    tables = [
        Dump("imdb", table, _cut(b"".join(imdb.lines(films, table)))) for table in imdb.COLUMNS
    ]
    objects = {name: list(musicbrainz.lines(songs, name)) for name in ("artist", "release")}
    discs = [disc for release in objects["release"] for disc in release["media"]]
    objects["recording"] = [track["recording"] for disc in discs for track in disc["tracks"]]
    for entity, rows in objects.items():
        lines = "\n".join(json.dumps(row) for row in rows[:LINES_MAX])
        tables.append(Dump("musicbrainz", entity, lines.encode()))
    texts = {"rhythm": RHYTHM, "tonal": TONAL}
    tables += [Dump("acousticbrainz", name, text.encode()) for name, text in texts.items()]
    return [*tables, Dump("fma", "tracks", FMA.encode()), Dump("fma", "genres", _GENRES.encode())]


def _cut(text: bytes) -> bytes:
    return b"".join(text.splitlines(keepends=True)[:LINES_MAX])


def mutate_dump(rng: random.Random, dump: Dump, in_bytes: Mutate, in_tree: Mutate) -> bytes:
    """Change a line, the bytes of the text, or those of the packed file; return the file."""
    kind = rng.random()
    if kind < 0.1:
        return in_bytes(rng, packed(dump, dump.text))
    text = in_bytes(rng, dump.text) if kind < 0.3 else _mutate_line(rng, dump, in_tree)
    return packed(dump, text)


def _mutate_line(rng: random.Random, dump: Dump, in_tree: Mutate) -> bytes:
    lines = dump.text.split(b"\n")
    at = rng.randrange(len(lines))
    if dump.source == "musicbrainz":
        lines[at] = in_tree(rng, lines[at])
        return b"\n".join(lines)
    separator = b"\t" if dump.source == "imdb" else b","
    cells = lines[at].split(separator)
    cell, kind = rng.randrange(len(cells)), rng.randrange(6)
    if kind == 0:
        del cells[cell]
    elif kind == 1:
        cells.insert(cell, rng.choice(ODD_CELLS))
    elif kind == 2:
        lines.append(lines[at])
    else:
        cells[cell] = rng.choice(ODD_CELLS)
    lines[at] = separator.join(cells)
    return b"\n".join(lines)


def packed(dump: Dump, text: bytes) -> bytes:
    """Pack the text of a table as its source does."""
    name = get_bulk(dump.source).tables[dump.table].names[0]
    if name.endswith(".gz"):
        return gzip.compress(text, 1)
    if not name.endswith((".xz", ".zst")):
        return text
    buffer = io.BytesIO()
    member = f"mbdump/{dump.table}" if name.endswith(".xz") else f"lowlevel/{dump.table}.csv"
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    pack = zstandard.compress if name.endswith(".zst") else _xz
    return pack(buffer.getvalue())


def _xz(body: bytes) -> bytes:
    return lzma.compress(body, preset=0)


def read_dump(dump: Dump, file: bytes) -> None:
    """Check, convert and read a file as an import and a load do; refusals of ours are right."""
    source = get_bulk(dump.source)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = folder / Path(source.tables[dump.table].names[0]).name
        path.write_bytes(file)
        try:
            checks = DumpChecks(source, None, allow_shrink=True)
            checked = checks.check(dump.table, path, path.name, Validators())
            try:
                _read_records(source, checked, folder, careful=False)
            except (UnparsableDump, *_ODD_VALUES):
                _read_records(source, checked, folder, careful=True)
        except PhonofilmError as error:
            if not str(error):
                raise ValueError("refused without a reason") from None


class _Folder(Dumps):
    """Files that lie in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, generation: Generation, table: str) -> Path:
        return self.root / generation.files[table].name


def _read_records(source: BulkSource, file: DumpFile, folder: Path, *, careful: bool) -> None:
    name = source.manifest.name
    generation = Generation(
        source=name,
        number=1,
        run="fuzz",
        terms="",
        only="",
        origin="fuzz",
        files={file.table: file},
        title_counts={},
    )
    info = DumpInfo(name, 1, file.fetched_at, None, file.sha256[:16], False, True)
    with duckdb.connect(config={"threads": 1}) as connection:
        batches = RecordBatches(connection)
        views = DumpViews(connection, source, _Folder(folder), generation, folder, careful)
        for table in source.tables:
            views.create(table, views.unpack(table))
        for reading in source.record_queries:
            if file.table in reading.tables:
                batches.from_dump(reading, info, copy=True)
