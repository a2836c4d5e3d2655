"""Dumps: fetched when they changed, checked to the last byte, swapped in whole, loaded as they are."""

from __future__ import annotations

import gzip
import io
import os
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonofilm.config import Settings, SourceSettings
from phonofilm.errors import (
    BotWallError,
    OriginError,
    PhonofilmError,
    ShapeError,
    StoreError,
    TermsError,
    UsageError,
)
from phonofilm.imports.dumps import ImportOptions, ImportResult, import_dumps
from phonofilm.landing.dump_views import DumpViews, UnparsableDump
from phonofilm.landing.dumps import DumpFile, Dumps, Generation, check_dump
from phonofilm.net import resumable_download
from phonofilm.net.retry_policy import RetryPolicy
from phonofilm.runtime.event_loop import run
from phonofilm.sandbox.kernel.faults.registry import DUMP_FAULTS
from phonofilm.sandbox.kernel.faults.rules import Rule
from phonofilm.sandbox.services.imdb.dumps import COLUMNS, write
from phonofilm.sandbox.worlds.film import FilmWorld
from phonofilm.sources import get_bulk
from phonofilm.sources.bulk import tsv
from phonofilm.sources.imdb.id_map import read_id_map
from phonofilm.warehouse.load.load import load
from phonofilm.warehouse.snapshots import open_snapshot
from phonofilm.workspace import Workspace

# An error leaves the last import; a number is how many rows were quarantined.
DUMP_OUTCOMES: dict[str, type[PhonofilmError] | int] = {
    "dump_cut_gzip": StoreError,
    "dump_other_header": ShapeError,
    "dump_short_row": 1,
    "dump_html": ShapeError,
    "dump_shrunk": ShapeError,
    "dump_carriage_returns": 0,
}


def imported(folder: Workspace, files: Path | str, **options) -> ImportResult:
    return run(import_dumps(folder, Settings(), ImportOptions("imdb", str(files), **options)))


def rows(folder: Workspace, sql: str) -> list[tuple]:
    with open_snapshot(folder) as connection:
        return connection.execute(sql).fetchall()


def file(where: Path, table: str, *lines: str) -> None:
    where.mkdir(exist_ok=True)
    text = "\n".join(["\t".join(COLUMNS[table].split()), *lines]) + "\n"
    (where / f"{table}.tsv").write_bytes(text.encode())


class TestTheReader:
    @given(st.binary(max_size=400))
    def test_any_bytes_are_read_to_rows_or_bad_ones(self, body: bytes) -> None:
        parsed = list(tsv.rows(body, 3))
        lines = [line.removesuffix(b"\r") for line in body.split(b"\n")]
        assert len(parsed) == sum(1 for line in lines if line)
        assert all(isinstance(row, tsv.BadRow) or len(row) == 3 for row in parsed)

    @given(
        st.lists(
            st.lists(
                st.text(st.characters(exclude_characters="\t\n\r\0", codec="utf-8"), max_size=8),
                min_size=3,
                max_size=3,
            ),
            max_size=12,
        ),
        st.booleans(),
        st.sampled_from([None, 1, 40]),
    )
    def test_the_database_reads_regular_files_as_we_do(
        self, tmp_path_factory, table, packed: bool, split: int | None
    ) -> None:
        """Raw quotes, backslashes, U+2028 and U+0085 are text; only `\\N` is null."""
        where = tmp_path_factory.mktemp("dump")
        lines = ["nconst\tprimaryName\tbirthYear", *("\t".join(row) for row in table)]
        body = ("\n".join(lines) + "\n").encode()
        path = where / "x.tsv"
        path.write_bytes(gzip.compress(body) if packed else body)
        seen = check_dump(path)
        ours = [row for row in tsv.rows(body.partition(b"\n")[2], 3) if isinstance(row, list)]
        if not seen.regular:
            return
        database_rows = _by_database(where, path, seen.regular)
        assert database_rows == ours

    @given(st.binary(max_size=300), st.booleans())
    def test_any_file_is_read_one_way_or_the_other(self, tmp_path_factory, body, packed) -> None:
        """What the fast way cannot split is read row by row; nothing is guessed."""
        where = tmp_path_factory.mktemp("dump")
        whole = b"nconst\tprimaryName\tbirthYear\n" + body
        path = where / "x.tsv"
        path.write_bytes(gzip.compress(whole) if packed else whole)
        seen = check_dump(path)
        ours = [row for row in tsv.rows(body, 3) if isinstance(row, list)]
        try:
            database_rows = _by_database(where, path, seen.regular)
        except UnparsableDump:
            database_rows = _by_database(where, path, regular=False)
        assert database_rows == ours

    @given(st.binary(min_size=1, max_size=2000), st.integers(0, 60))
    def test_a_gzip_is_whole_or_an_error(self, body: bytes, cut: int) -> None:
        packed = gzip.compress(body)
        part = packed[: max(3, len(packed) - cut)] if cut else packed
        if len(part) == len(packed):
            assert b"".join(tsv.unpacked(io.BytesIO(part))) == body
        else:
            with pytest.raises(tsv.TruncatedFile):
                list(tsv.unpacked(io.BytesIO(part)))

    def test_several_members_are_one_file(self) -> None:
        packed = gzip.compress(b"one\n") + gzip.compress(b"two\n")
        assert b"".join(tsv.unpacked(io.BytesIO(packed))) == b"one\ntwo\n"

    def test_a_wrong_checksum_is_an_error(self) -> None:
        packed = bytearray(gzip.compress(b"some text that is long enough"))
        packed[-6] ^= 1
        with pytest.raises(tsv.TruncatedFile):
            list(tsv.unpacked(io.BytesIO(bytes(packed))))


def _by_database(where: Path, path: Path, regular: bool) -> list[list[str | None]]:
    spec = get_bulk("imdb").tables["name.basics"]
    spec = spec._replace(columns=("nconst", "primaryName", "birthYear"), key=(), cells={})
    source = SimpleNamespace(tables={"x": spec}, manifest=get_bulk("imdb").manifest)

    class Here(Dumps):
        def path(self, generation, table):
            return path

    scratch = where / "scratch"
    scratch.mkdir(exist_ok=True)
    file = DumpFile(
        table="x", name=path.name, rows=0, bytes=0, sha256="", regular=regular, fetched_at=0, url=""
    )
    generation = Generation(
        source="x",
        number=1,
        run="",
        terms="",
        only="",
        origin="",
        files={"x": file},
        title_counts={},
    )
    with duckdb.connect() as connection:
        views = DumpViews(connection, source, Here(where, "x"), generation, scratch)
        views.create("x", views.unpack("x"))
        try:
            return [list(row) for row in connection.execute('FROM "x"').fetchall()]
        except duckdb.InvalidInputException as error:
            raise UnparsableDump(str(error)) from None


class TestRealFiles:
    def test_the_small_dumps(self, shared: Path, folder: Workspace) -> None:
        result = imported(folder, shared / "data/imdb/tsv")
        assert result.files["title.principals"]["rows"] == 572
        result = load(folder)
        assert result.inserted == {
            "titles": 75,
            "title_genres": 91,
            "ratings": 12,
            "people": 219,
            "episodes": 43,
            "credits": 654,
            "akas": 240,
        }
        assert not result.findings
        [(name, votes, genres, directors)] = rows(
            folder,
            "SELECT name, votes, genres, directors FROM titles_wide ORDER BY votes DESC LIMIT 1",
        )
        assert (name, votes) == ("Wyrmwood: Road of the Dead", 15169)
        assert genres == ["Action", "Comedy", "Horror"]
        assert directors == ["Kiah Roache-Turner"]

    def test_a_doubled_row_is_one_person(self, shared: Path, folder, tmp_path: Path) -> None:
        where = tmp_path / "dumps"
        where.mkdir()
        body = (shared / "fixtures/imdb/tsv_name.basics_duplicate_rows.tsv").read_bytes()
        (where / "name.basics.tsv").write_bytes(body)
        imported(folder, where)
        result = load(folder)
        assert result.inserted["people"] == 1
        assert result.findings == {"doubled_key": 1}

    def test_anime_by_the_real_map_of_ids(self, shared: Path, folder, tmp_path: Path) -> None:
        ids = read_id_map(shared / "data/anime_ids/anime_ids.csv.gz")
        assert "tt0119698" in ids
        assert len(ids) > 5000
        where = tmp_path / "dumps"
        file(
            where,
            "title.basics",
            "tt0119698\tmovie\tPrincess Mononoke\tMononoke-hime\t0\t1997\t\\N\t134\tAction",
            "tt0133093\tmovie\tThe Matrix\tThe Matrix\t0\t1999\t\\N\t136\tAction",
        )
        result = imported(
            folder, where, only="anime", id_map=shared / "data/anime_ids/anime_ids.csv.gz"
        )
        assert result.kept == {"id map": 1}
        load(folder)
        assert rows(folder, "SELECT id, kept_by FROM titles") == [("tt0119698", "id map")]


ANIMATED = {  # original name, and other names with region and language
    "tt0000001": ("Toy Story", ("\u30c8\u30a4", "JP", "ja"), ("Toy Story", "US", "\\N")),
    "tt0000002": ("The Simpsons", ("The Simpsons", "JP", "en"), ("Los Simpson", "ES", "\\N")),
    "tt0000003": ("Wan p\u00eesu", ("Wan p\u00eesu", "JP", "\\N"), ("One Piece", "US", "\\N")),
    "tt0000004": ("\u5343\u3068\u5343\u5c0b", ("Spirited Away", "US", "\\N")),
    "tt0000005": ("Le roi et l'oiseau", ("\u738b\u3068\u9ce5", "JP", "ja")),
}


@pytest.mark.parametrize("with_map", [False, True])
def test_a_name_in_japanese_makes_no_anime(folder, tmp_path: Path, with_map: bool) -> None:
    titles = [
        f"{id_}\tmovie\t{names[0]}\t{names[0]}\t0\t1999\t\\N\t90\tAnimation"
        for id_, names in ANIMATED.items()
    ]
    akas = [
        f"{id_}\t{n}\t{name}\t{region}\t{language}\timdbDisplay\t\\N\t0"
        for id_, names in ANIMATED.items()
        for n, (name, region, language) in enumerate(names[1:], 2)
    ]
    originals = [
        f"{id_}\t1\t{names[0]}\t\\N\t\\N\toriginal\t\\N\t1" for id_, names in ANIMATED.items()
    ]
    file(tmp_path / "d", "title.basics", *titles)
    file(tmp_path / "d", "title.akas", *sorted([*akas, *originals]))
    id_map = tmp_path / "map.csv"
    id_map.write_text("imdb\ntt0000005\n")
    result = imported(folder, tmp_path / "d", only="anime", id_map=id_map if with_map else None)
    load(folder)
    kept = {id_ for (id_,) in rows(folder, "SELECT id FROM titles")}
    assert kept == ({"tt0000005"} if with_map else {"tt0000003", "tt0000004"}), result.kept


ROLES_OF_BOTH = ("director", "writer", "producer", "composer", "editor", "cast", "cinematographer")


class TestCinemagoer:
    def test_it_reads_the_stand_ins_dumps_and_agrees(self, folder, tmp_path: Path) -> None:
        """Every field that both have, over all titles; its importer is a program of its own."""
        import subprocess
        import sys
        import warnings

        world = FilmWorld(400)
        write(world, tmp_path / "dumps")
        imported(folder, tmp_path / "dumps")
        load(folder)
        uri = f"sqlite:///{tmp_path}/cinemagoer.db"
        importer = Path(sys.executable).parent / "s32cinemagoer.py"
        subprocess.run(
            [sys.executable, "-W", "ignore", importer, tmp_path / "dumps", uri],
            check=True,
            capture_output=True,
        )
        ours = rows(
            folder,
            "SELECT id, name, original_name, is_adult, start_year, runtime_ms, rating, votes, genres,"
            " list_sort(list_transform(akas, lambda a: a)) FROM titles_wide t LEFT JOIN (SELECT title_id,"
            " list(name) AS akas FROM akas GROUP BY 1) k ON k.title_id = t.id ORDER BY id LIMIT 60",
        )
        kinds = dict(rows(folder, "SELECT id, title_type FROM titles"))
        credited: dict[tuple[str, str], set[str]] = {}
        for title, role, person in rows(folder, "SELECT title_id, role, person_id FROM credits"):
            credited.setdefault((title, role), set()).add(person)
        people = rows(
            folder, "SELECT id, name, birth_year, death_year FROM people ORDER BY id LIMIT 60"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from imdb import Cinemagoer

            cinemagoer = Cinemagoer("s3", uri=uri)
            for id_, name, original, adult, year, runtime, rating, votes, genres, akas in ours:
                m = cinemagoer.get_movie(id_[2:]).data
                assert (m["title"], m["original title"]) == (name, original)
                assert bool(m["adult"]) == adult
                assert str(m.get("year") or "").split("-")[0] == str(year or "")
                assert (m.get("runtimes") or [None])[0] == (runtime and runtime // 60_000)
                assert (m.get("rating"), m.get("votes")) == (rating, votes)
                assert sorted(filter(None, m.get("genres") or [])) == sorted(
                    g.lower() for g in genres or []
                )
                assert sorted(a["title"] for a in m.get("akas") or []) == (akas or [])
                kind = m["kind"].replace(" ", "").lower()
                assert kind in (kinds[id_].lower(), kinds[id_].lower().removeprefix("tv"))
                for role in ROLES_OF_BOTH:
                    made_by = {f"nm{int(p.personID):07d}" for p in m.get(role) or []}
                    assert made_by == credited.get((id_, role), set()), (id_, role)
            for id_, name, born, died in people:
                p = cinemagoer.get_person(id_[2:]).data
                assert (p["name"], p.get("birth date"), p.get("death date")) == (name, born, died)


class TestBadInput:
    def test_a_folder_that_is_none(self, folder, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no folder"):
            imported(folder, tmp_path / "nothing")
        (tmp_path / "empty").mkdir()
        with pytest.raises(UsageError, match="none of the dumps"):
            imported(folder, tmp_path / "empty")

    def test_a_cut_gzip(self, folder, tmp_path: Path) -> None:
        [path] = write(FilmWorld(200), tmp_path / "dumps", ["title.basics"])
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(StoreError, match="not whole") as raised:
            imported(folder, tmp_path / "dumps")
        assert raised.value.exit_code == 6

    def test_a_wrong_header(self, folder, tmp_path: Path) -> None:
        (tmp_path / "title.basics.tsv").write_text("tconst\tsomething\tnew\n")
        with pytest.raises(ShapeError, match="other columns") as raised:
            imported(folder, tmp_path)
        assert raised.value.exit_code == 5

    def test_a_web_page_and_a_wall(self, folder, tmp_path: Path) -> None:
        path = tmp_path / "title.basics.tsv.gz"
        path.write_bytes(b"<!DOCTYPE html><html><body>Sorry</body></html>")
        with pytest.raises(ShapeError, match="web page"):
            imported(folder, tmp_path)
        path.write_bytes(b"<html><title>Just a moment...</title></html>")
        with pytest.raises(BotWallError):
            imported(folder, tmp_path)

    def test_short_and_long_rows_cost_themselves(self, folder, tmp_path: Path) -> None:
        file(
            tmp_path,
            "title.ratings",
            "tt0000001\t7.5\t10",
            "tt0000002\t7.5",
            "tt0000003\t1\t2\t3",
            "tt0000004\t8.0\t20",
        )
        imported(folder, tmp_path)
        result = load(folder)
        assert result.quarantined == 2
        assert rows(folder, "SELECT id FROM ratings ORDER BY id") == [
            ("tt0000001",),
            ("tt0000004",),
        ]
        reasons = [reason for (reason,) in rows(folder, "SELECT reason FROM quarantine ORDER BY 1")]
        assert reasons[0].startswith("2 fields instead of 3: tt0000002")

    @pytest.mark.parametrize("table", COLUMNS)
    def test_a_row_of_another_width_in_any_table(self, folder, tmp_path: Path, table: str) -> None:
        """Wherever the database notices it, the load begins again with care."""
        paths = write(FilmWorld(300), tmp_path / "dumps")
        path = next(p for p in paths if p.name.startswith(table))
        lines = gzip.decompress(path.read_bytes()).split(b"\n")
        lines[len(lines) // 2 : len(lines) // 2] = [b"tt0000001", b"\t".join([b"x"] * 12)]
        path.write_bytes(gzip.compress(b"\n".join(lines)))
        imported(folder, tmp_path / "dumps", only="movies" if "basics" in table else "")
        result = load(folder)
        assert result.quarantined == 2
        assert result.inserted["titles"] > 0

    def test_words_for_numbers_are_null_with_a_finding(self, folder, tmp_path: Path) -> None:
        file(tmp_path, "title.ratings", "tt0000001\tgood\tmany", "tt0000002\t7.5\t10")
        imported(folder, tmp_path)
        result = load(folder)
        assert result.findings == {"no_number_in_averageRating": 1, "no_number_in_numVotes": 1}
        assert rows(folder, "SELECT rating, votes FROM ratings ORDER BY id")[0] == (None, None)

    def test_a_file_of_rubbish_is_a_change_of_shape(self, folder, tmp_path: Path) -> None:
        file(tmp_path, "title.ratings", *("only one field" for _ in range(300)))
        imported(folder, tmp_path)
        with pytest.raises(ShapeError, match="do not fit"):
            load(folder)

    def test_a_file_that_shrank_is_refused(self, folder, tmp_path: Path) -> None:
        write(FilmWorld(400), tmp_path / "a")
        write(FilmWorld(370), tmp_path / "b")
        imported(folder, tmp_path / "a")
        with pytest.raises(ShapeError, match="shrank") as raised:
            imported(folder, tmp_path / "b")
        assert "--allow-shrink" in raised.value.next_step
        assert Dumps(folder.landing, "imdb").newest().files["title.basics"].rows == 400
        assert imported(folder, tmp_path / "b", allow_shrink=True).changed

    def test_a_clock_that_ran_ahead_is_not_newest_for_ever(self, folder, tmp_path: Path) -> None:
        file(tmp_path / "a", "title.ratings", "tt0000001\t7.5\t10")
        ahead = time.time() + 10**7
        os.utime(tmp_path / "a" / "title.ratings.tsv", (ahead, ahead))
        imported(folder, tmp_path / "a")
        load(folder)
        file(tmp_path / "b", "title.ratings", "tt0000001\t8.5\t11")
        imported(folder, tmp_path / "b")
        load(folder)
        assert rows(folder, "SELECT rating FROM ratings") == [(8.5,)]

    def test_files_that_are_not_there_this_time_stay(self, folder, tmp_path: Path) -> None:
        write(FilmWorld(200), tmp_path / "all")
        write(FilmWorld(200), tmp_path / "some", ["title.ratings"])
        imported(folder, tmp_path / "all")
        for _ in range(3):
            result = imported(folder, tmp_path / "some")
        assert "title.basics" in result.missing
        assert load(folder).inserted["titles"] == 200

    def test_a_figure_that_is_too_large_is_null(self, folder, tmp_path: Path) -> None:
        file(
            tmp_path,
            "title.basics",
            "tt0000001\tmovie\tA\tA\t0\t1999\t\\N\t9223372036854775807\tDrama",
            "tt0000002\tmovie\tB\tB\t0\t99999999999999999999\t\\N\t90\tDrama",
        )
        imported(folder, tmp_path)
        load(folder)
        numbers = rows(folder, "SELECT start_year, runtime_ms FROM titles ORDER BY id")
        assert numbers == [(1999, None), (None, 5_400_000)]

    def test_remains_of_a_killed_run_are_no_obstacle(self, folder, tmp_path: Path) -> None:
        write(FilmWorld(100), tmp_path / "dumps")
        folder.open()
        left = Dumps(folder.landing, "imdb").open_incoming() / "tmpkilled"
        left.mkdir()
        (left / "title.basics.tsv").write_text("half")
        imported(folder, tmp_path / "dumps", only="movies")
        old = folder.warehouse / "load-killed"
        old.mkdir()
        load(folder)
        assert not old.exists()

    def test_an_id_map_that_grew_is_a_change(self, folder, tmp_path: Path) -> None:
        write(FilmWorld(200), tmp_path / "dumps")
        id_map = tmp_path / "dumps" / "anime_ids.csv"
        id_map.write_text("row,imdb\n0,tt1000000\n")
        imported(folder, tmp_path / "dumps", only="anime")
        assert not imported(folder, tmp_path / "dumps", only="anime").changed
        id_map.write_text(f"row,imdb\n0,tt1000000\n1,{FilmWorld(200).tconst(1)}\n")
        assert imported(folder, tmp_path / "dumps", only="anime").kept["id map"] == 2

    def test_a_part_after_the_whole_is_the_part(self, folder, tmp_path: Path) -> None:
        write(FilmWorld(200), tmp_path / "dumps")
        imported(folder, tmp_path / "dumps")
        load(folder)
        later = tmp_path / "later"
        write(FilmWorld(200), later)
        imported(folder, later, only="movies")
        load(folder)
        kinds = {kind for (kind,) in rows(folder, "SELECT DISTINCT title_type FROM titles")}
        assert kinds <= {"movie", "tvMovie"}

    def test_a_disk_without_room(self, folder, tmp_path: Path, monkeypatch) -> None:
        import shutil

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        write(FilmWorld(50), tmp_path / "dumps")
        monkeypatch.setattr(shutil, "copyfile", full)
        with pytest.raises(StoreError, match="No space left"):
            imported(folder, tmp_path / "dumps")

    def test_a_part_that_is_not_known(self, folder, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no part called"):
            imported(folder, tmp_path, only="musicals")


class TestTheHost:
    @pytest.fixture(autouse=True)
    def _no_pause(self, monkeypatch) -> None:
        quick = RetryPolicy(attempts_max=5, first_pause_seconds=0.001)
        monkeypatch.setattr(resumable_download, "RETRIES", quick)

    def test_what_did_not_change_is_not_fetched(self, folder, stand_in) -> None:
        url, served = stand_in("imdb", titles=300)
        assert imported(folder, url).changed
        again = imported(folder, url)
        assert not again.changed
        assert {s for c in served.calls.values() for s in c} == {200, 304}
        served.clock.skipped += 86_400
        assert imported(folder, url).changed
        assert served.calls["dump:title.basics"][200] == 1  # only votes went on
        assert served.calls["dump:title.ratings"][200] == 2
        assert load(folder).inserted["titles"] == 300

    def test_a_cut_download_goes_on_where_it_was(self, folder, stand_in) -> None:
        url, served = stand_in(
            "imdb", titles=1500, faults=[Rule("cut_body", on="dump:title.principals", times=2)]
        )
        imported(folder, url)
        assert served.calls["dump:title.principals"][206] >= 1
        assert load(folder).inserted["titles"] == 1500

    def test_a_download_that_never_ends_well_goes_on_in_the_next_run(self, folder, stand_in):
        url, served = stand_in(
            "imdb", titles=1500, faults=[Rule("cut_body", on="dump:name.basics", times=5)]
        )
        with pytest.raises(StoreError, match="cannot be fetched") as raised:
            imported(folder, url)
        assert "are here" in raised.value.saved
        assert imported(folder, url).changed
        assert load(folder).inserted["people"] > 0

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("http_500", StoreError),
            ("wall_aws", BotWallError),
            ("wall_cloudflare", BotWallError),
            ("forbidden_text", StoreError),
        ],
    )
    def test_refusals_leave_the_last_import(self, folder, stand_in, fault, error) -> None:
        url, _ = stand_in("imdb", titles=200)
        imported(folder, url)
        load(folder)
        broken, served = stand_in("imdb", titles=200, faults=[Rule(fault)])
        served.clock.skipped += 86_400
        with pytest.raises(error):
            imported(folder, broken)
        assert rows(folder, "SELECT count(*) FROM titles") == [(200,)]
        assert not load(folder).inserted

    @pytest.mark.parametrize("name", DUMP_OUTCOMES)
    def test_every_fault_of_dumps_has_its_outcome(self, folder, stand_in, name: str) -> None:
        url, served = stand_in("imdb", titles=300)
        imported(folder, url)
        load(folder)
        broken, again = stand_in(
            "imdb", titles=300, faults=[Rule(name, on="dump:title.ratings", times=1)]
        )
        again.clock.skipped += 86_400
        outcome = DUMP_OUTCOMES[name]
        if isinstance(outcome, type):
            with pytest.raises(outcome):
                imported(folder, broken)
            assert not load(folder).inserted
        else:
            imported(folder, broken)
            assert load(folder).quarantined == outcome
        imported(folder, broken)
        load(folder)
        assert rows(folder, "SELECT count(*) FROM titles") == [(300,)]

    def test_all_faults_of_dumps_are_played(self) -> None:
        assert {n for n in DUMP_FAULTS if n.startswith("dump_")} == DUMP_OUTCOMES.keys()

    def test_terms_come_before_the_first_download(self, folder) -> None:
        with pytest.raises(TermsError, match="non-commercial"):
            imported(folder, "")

    def test_a_simulated_world_does_not_mix_with_files(self, folder, stand_in, tmp_path) -> None:
        url, _ = stand_in("imdb", titles=200)
        imported(folder, url)
        write(FilmWorld(200), tmp_path / "dumps")
        with pytest.raises(OriginError):
            imported(folder, tmp_path / "dumps")

    def test_anime_says_which_rule_kept_each(self, folder, stand_in, tmp_path: Path) -> None:
        import urllib.request

        url, served = stand_in("imdb", titles=3000)
        id_map = tmp_path / "map.csv"
        id_map.write_bytes(urllib.request.urlopen(f"{url}/anime_ids.csv").read())
        result = imported(folder, url, only="anime", id_map=id_map)
        load(folder)
        assert set(result.kept) == {"id map", "episode of a series that was kept"}
        assert rows(folder, "SELECT count(*) FROM titles WHERE kept_by IS NULL") == [(0,)]
        mapped = {id_ for (id_,) in rows(folder, "SELECT id FROM titles WHERE kept_by = 'id map'")}
        assert mapped == set(read_id_map(id_map)) - {"tt0000001"}
        strangers = "SELECT count(*) FROM credits WHERE title_id NOT IN (SELECT id FROM titles)"
        assert rows(folder, strangers) == [(0,)]

    def test_without_a_map_the_origin_says_what_is_anime(self, folder, stand_in) -> None:
        url, served = stand_in("imdb", titles=3000)
        imported(folder, url, only="anime")
        load(folder)
        selected = rows(folder, "SELECT id FROM titles WHERE title_type <> 'tvEpisode'")
        assert {id_ for (id_,) in selected} == set(served.service.ids("anime"))

    def test_other_parts(self, folder, stand_in) -> None:
        url, _ = stand_in("imdb", titles=400)
        imported(folder, url, only="movies,series")
        load(folder)
        kinds = {kind for (kind,) in rows(folder, "SELECT DISTINCT title_type FROM titles")}
        assert kinds <= {"movie", "tvMovie", "tvSeries", "tvMiniSeries"}


def test_the_settings_that_accept_the_terms(folder, monkeypatch) -> None:
    """With them the live host would be asked; here no test reaches it."""
    once = RetryPolicy(attempts_max=1, first_pause_seconds=0.0)
    monkeypatch.setattr(resumable_download, "RETRIES", once)
    settings = Settings(imdb=SourceSettings(accept_terms=True, basis="mine, non-commercial"))
    with pytest.raises((PhonofilmError, AssertionError)):
        run(import_dumps(folder, settings, ImportOptions("imdb")))


def test_the_snowflake_keeps_two_people_of_one_name_apart(folder, tmp_path: Path) -> None:
    file(tmp_path, "title.basics", "tt0000001\tmovie\tA\tA\t0\t1999\t\\N\t90\tDrama")
    file(tmp_path, "name.basics", *(f"nm000000{n}\tJo\t\\N\t\\N\t\\N\t\\N" for n in (1, 2)))
    file(tmp_path, "title.crew", "tt0000001\tnm0000001,nm0000002\t\\N")
    file(
        tmp_path,
        "title.principals",
        "tt0000001\t1\tnm0000001\twriter\tstory\t\\N",
        "tt0000001\t2\tnm0000001\twriter\tdialogue\t\\N",
    )
    imported(folder, tmp_path)
    load(folder)
    assert rows(folder, "SELECT id, name FROM snowflake.directors ORDER BY id") == [
        ("nm0000001", "Jo"),
        ("nm0000002", "Jo"),
    ]
    assert rows(folder, "SELECT job, position FROM credits WHERE role = 'writer'") == [
        ("dialogue; story", 1)
    ]
    assert rows(folder, "SELECT duration, release_year FROM snowflake.titles") == [(90.0, 1999)]
