"""The command line as people meet it: words, exit codes, one JSON document."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from phonofilm.cli.main import VERBS
from phonofilm.sandbox.kernel.server import Plan, running
from tests.cli import PROCESS, Result, run_cli


@pytest.fixture(scope="session")
def filled(made_once) -> Path:
    """A loaded data folder that nobody changes."""

    def fill(folder: Path) -> None:
        with running(Plan("spotify", "extended-legacy", artists=80, rate="none")) as (url, _):
            wants = ("-W", "artists=all", "-W", "albums=all", "-W", "playlists=all")
            words = ("crawl", "spotify", "--at", url, "--data", folder, *wants)
            assert run_cli(*words).exit_code == 0
        assert run_cli("load", "--data", folder).exit_code == 0

    return made_once("filled", fill)


@pytest.fixture
def data(filled: Path, copied) -> Path:
    """A loaded data folder of the test's own."""
    return copied(filled)


def test_help_names_every_verb_and_version_the_version() -> None:
    text = run_cli("--help").stdout
    assert [verb for verb in VERBS if f" {verb} " not in text] == []
    assert run_cli("--version").stdout.startswith("phonofilm 0.")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help(verb: str) -> None:
    result = run_cli(verb, "--help")
    assert result.exit_code == 0
    assert f"phonofilm {verb}" in result.stdout


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["crawl", "myspace"], 2, "no source called 'myspace'"),
        (["crawl", "deezer", "--want", "artists=abc"], 2, "not a number"),
        (["crawl", "deezer", "--want", "artsts"], 2, "Did you mean artists?"),
        (["crawl", "deezer", "--at", "nonsense"], 2, "no address"),
        (["crawl", "deezer", "--at", "http://127.0.0.1:9"], 6, "does not answer"),
        (["crawl", "deezer", "--max-time", "soon"], 2, "no time"),
        (["crawl", "deezer", "--policy", "luck"], 2, "no policy"),
        (["crawl", "deezer", "--fresh"], 2, "--yes"),
        (["crawl", "deezer", "https://example.org/x"], 2, "no link"),
        (["crawl", "deezer", "--genre", "x", "--artist", "y"], 2, "Several ways"),
        (["crawl", "deezer", "--artists", "nowhere.csv"], 2, "Cannot read"),
        (["crawl", "spotify", "-n", "5"], 3, "is off until you say"),
        (["crawl", "deezer", "--config", "nowhere.toml"], 3, "no file"),
        (["export", "artists"], 2, "no warehouse yet"),
        (["find", "songs", "x"], 2, "Cannot find"),
        (["sandbox", "myspace"], 2, "not of 'myspace'"),
        (["sandbox", "spotify", "--rate", "fast"], 2, "no window"),
        (["sandbox", "spotify", "--access", "root"], 2, "access is one of"),
        (["status"], 2, "holds nothing yet"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_bad_input_is_answered_with_words_and_a_code(
    tmp_path: Path, words: list[str], code: int, text: str
) -> None:
    result = run_cli(*words, cwd=tmp_path)
    assert result.exit_code == code, result.stderr
    assert text in result.text


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["show"],
        ["show", "artists"],
        ["sql", "SELECT 1 AS one"],
        ["load"],
        ["doctor"],
        ["purge"],
        ["find", "artist", "the"],
    ],
    ids=" ".join,
)
def test_json_is_one_document(data: Path, words: list[str]) -> None:
    result = run_cli(*words, "--data", data, "--json")
    assert result.exit_code == 0, result.stderr
    json.loads(result.stdout)


def test_json_is_one_document_also_when_a_command_fails(tmp_path: Path) -> None:
    words = ("crawl", "deezer", "--at", "http://127.0.0.1:9", "--data", tmp_path, "--json")
    assert run_cli(*words).document["exit_code"] == 6


def test_a_crawl_tells_its_result_as_json(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("deezer")
    words = ("crawl", "deezer", "--at", url, "--data", tmp_path / "d", "-n", 10, "--json")
    result = run_cli(*words).document
    assert result["status"] == "goal"
    assert result.keys() >= {
        "run",
        "status",
        "resume_at",
        "calls",
        "calls_by_endpoint",
        "status_counts",
        "records",
        "new_per_call",
        "coverage",
        "findings",
        "elapsed_s",
    }


def test_a_parked_source_says_the_minute_of_return(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("spotify", access="extended-legacy", quota="2/24h")
    words = ("crawl", "spotify", "--at", url, "--data", tmp_path / "d", "-n", 50)
    first = run_cli(*words)
    assert first.exit_code == 4
    assert "Parked until 20" in first.stdout
    again = run_cli(*words)
    assert again.exit_code == 4
    assert "is parked until 20" in again.stderr


def crawl_file(url: str, folder: Path, option: str, table: str) -> Result:
    """Crawl the artists that a CSV file names."""
    file = folder / "table.csv"
    file.write_text(table)
    words = ("crawl", "spotify", "--at", url, "--data", folder / "data", option, file)
    return run_cli(*words, "-W", "artists", "--json")


def test_names_are_taken_from_the_right_column_of_a_file(tmp_path: Path, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy")
    first, second = (served.world.artist(index).name for index in (3, 5))
    result = crawl_file(url, tmp_path, "--artists", f"id,name\n1,{first}\n2,{second}\n")
    assert result.document["records"]["artists"]["full"] >= 2


def test_ids_are_taken_from_the_right_column_of_a_file(tmp_path: Path, stand_in) -> None:
    url, served = stand_in("spotify", access="extended-legacy")
    first, second = (served.service.objects.id_of("artist", index) for index in (3, 5))
    result = crawl_file(url, tmp_path, "--ids", f"name,id\nx,{first}\nx,{second}\n")
    assert result.document["records"]["artists"] == {"full": 2, "mentioned": 0}


def test_find_looks_at_a_source_and_into_the_warehouse(data: Path, stand_in) -> None:
    url, served = stand_in("deezer", artists=80)
    names = (served.world.artist(index).name for index in range(80))
    name = next(name for name in names if name.isascii())
    at_source = ("--source", "deezer", "--at", url, "--data", data)
    assert name in run_cli("find", "artist", name, *at_source).stdout
    assert run_cli("find", "albums", "--artist", name, *at_source, "--json").document
    in_warehouse = run_cli("find", "artist", name.split()[0], "--data", data)
    assert name.split()[0] in in_warehouse.stdout
    playlists = run_cli("find", "playlists", "mix", "--data", data, "--json").document
    assert all("mix" in row["name"] for row in playlists)


def test_hostile_names_reach_no_terminal(data: Path) -> None:
    query = "SELECT chr(27) || '[31mred' || chr(10) || 'x' AS name"
    text = run_cli("sql", query, "--data", data).stdout
    assert "\x1b" not in text
    assert "[31mred x" in text


def test_sql_cannot_write_and_its_errors_are_words(data: Path) -> None:
    assert run_cli("sql", "DROP TABLE store.artist", "--data", data).exit_code == 2
    result = run_cli("sql", "SELEC 1", "--data", data)
    assert result.exit_code == 2
    assert "query fails" in result.stderr


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = {
        "PHONOFILM_SPOTIFY__CLIENT_SECRET": "hush-hush",
        "PHONOFILM_SPOTIFY__CLIENT_ID": "me",
        "PHONOFILM_SPOTIFY__ACCEPT_TERMS": "true",
        "PHONOFILM_SPOTIFY__BASIS": "test",
    }
    result = run_cli("doctor", "--data", tmp_path, cwd=tmp_path, **settings)
    assert "on, access development" in result.stdout
    assert "hush" not in result.stdout + result.stderr


def test_settings_come_from_toml_env_file_and_environment(tmp_path: Path) -> None:
    (tmp_path / "phonofilm.toml").write_text(
        '[spotify]\naccept_terms = true\nbasis = "thesis"\nclient_id = "a"\n'
    )
    (tmp_path / ".env").write_text("PHONOFILM_SPOTIFY__CLIENT_SECRET=s\n")
    result = run_cli("doctor", cwd=tmp_path, PHONOFILM_SPOTIFY__ACCESS="extended")
    assert "on, access extended" in result.stdout


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        ("[spotify\n", {}, ""),
        ("[spotfy]\n", {}, "Did you mean spotify?"),
        ("keep_names = false\n", {"PHONOFILM_SPOTIFY": "abc"}, ""),
    ],
)
def test_wrong_settings_end_with_exit_code_3(
    tmp_path: Path, text: str, environ: dict[str, str], message: str
) -> None:
    (tmp_path / "phonofilm.toml").write_text(text)
    result = run_cli("doctor", cwd=tmp_path, **environ)
    assert result.exit_code == 3
    assert message in result.stderr


def test_a_log_file_holds_json_lines(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("deezer")
    log = tmp_path / "log.jsonl"
    crawl = ("crawl", "deezer", "--at", url, "--data", tmp_path / "d", "-n", 5)
    assert run_cli("--log-file", log, *crawl).exit_code == 0
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events == ["crawl_started", "crawl_ended"]


def test_nothing_of_a_call_in_process_outlives_it(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("deezer")
    before = dict(os.environ), Path.cwd(), signal.getsignal(signal.SIGINT)
    (tmp_path / "own.toml").write_text("keep_names = false\n")
    words = ("-q", "--log-file", tmp_path / "log.jsonl", "crawl", "deezer", "--at", url, "-n", 5)
    run_cli(*words, "--config", "own.toml", cwd=tmp_path)
    lines = (tmp_path / "log.jsonl").read_text()
    assert "crawl_ended" in lines
    assert run_cli("crawl", "deezer", "--at", url, "-n", 9, cwd=tmp_path).stderr
    assert (tmp_path / "log.jsonl").read_text() == lines
    assert (dict(os.environ), Path.cwd(), signal.getsignal(signal.SIGINT)) == before
    assert "myspace" in run_cli("crawl", "myspace").stderr


# Real processes: their subject is what only a process has.


def test_a_process_ends_with_the_code_and_prints_where_it_should(tmp_path: Path) -> None:
    words = [*PROCESS, "crawl", "deezer", "--at", "http://127.0.0.1:9", "--json"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == json.loads(ended.stdout)["exit_code"] == 6
    assert "does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_goes_away_is_no_failure(data: Path) -> None:
    query = "SELECT repeat('x', 70) AS text FROM range(1000)"  # more than a pipe holds
    words = [*PROCESS, "sql", query, "--data", data]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_the_sandbox_prints_one_line_when_it_is_ready() -> None:
    words = [*PROCESS, "sandbox", "spotify", "--access", "development", "--artists", "50"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        assert ready["url"].startswith("http://127.0.0.1:")
        assert ready["source"] == "spotify"
        assert ready["access"] == "development"
        assert ready["world"] == "generated-50-7"
        process.terminate()
        assert process.wait(10) == 0
