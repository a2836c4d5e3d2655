"""The command line as people meet it: words, exit codes, one JSON document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

VERBS = [
    "crawl",
    "load",
    "status",
    "purge",
    "find",
    "show",
    "sql",
    "export",
    "report",
    "demo",
    "sandbox",
    "doctor",
]


def phonofilm(
    *words: object, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "phonofilm", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | env,
    )


@pytest.fixture
def filled(tmp_path: Path, stand_in) -> Path:
    url, _ = stand_in("spotify", access="extended-legacy", artists=80)
    data = tmp_path / "data"
    assert (
        phonofilm(
            "crawl",
            "spotify",
            "--at",
            url,
            "--data",
            data,
            "-W",
            "artists=all",
            "-W",
            "albums=all",
            "-W",
            "playlists=all",
        ).returncode
        == 0
    )
    assert phonofilm("load", "--data", data).returncode == 0
    return data


def test_help_names_every_verb_and_version_the_version() -> None:
    told = phonofilm("--help")
    assert all(f" {verb} " in told.stdout for verb in VERBS)
    assert phonofilm("--version").stdout.startswith("phonofilm 0.")
    for verb in VERBS:
        assert phonofilm(verb, "--help").returncode == 0


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
        (["crawl", "deezer", "--artists", "nowhere.csv"], 2, "cannot be read"),
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
    tmp_path: Path, words: list, code: int, text: str
) -> None:
    told = phonofilm(*words, cwd=tmp_path)
    assert told.returncode == code, told.stderr
    assert text in " ".join((told.stderr + told.stdout).replace("│", " ").split())
    assert "Traceback" not in told.stderr


def test_json_is_one_document_also_when_it_fails(filled: Path, tmp_path: Path) -> None:
    for words in (
        ["status"],
        ["show"],
        ["show", "artists"],
        ["sql", "SELECT 1 AS one"],
        ["load"],
        ["doctor"],
        ["purge"],
        ["find", "artist", "the"],
    ):
        told = phonofilm(*words, "--data", filled, "--json")
        assert told.returncode == 0, told.stderr
        json.loads(told.stdout)
    failed = phonofilm(
        "crawl", "deezer", "--at", "http://127.0.0.1:9", "--data", tmp_path / "x", "--json"
    )
    assert json.loads(failed.stdout)["exit_code"] == 6


def test_a_crawl_tells_its_result_as_json(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("deezer")
    told = phonofilm("crawl", "deezer", "--at", url, "--data", tmp_path / "d", "-n", 10, "--json")
    result = json.loads(told.stdout)
    assert result["status"] == "goal"
    wanted = {
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
    assert wanted <= result.keys()


def test_a_parked_source_says_the_minute_of_return(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("spotify", access="extended-legacy", quota="2/24h")
    words = ("crawl", "spotify", "--at", url, "--data", tmp_path / "d", "-n", 50)
    first = phonofilm(*words)
    assert first.returncode == 4
    assert "Parked until 20" in first.stdout
    again = phonofilm(*words)
    assert again.returncode == 4
    assert "is parked until 20" in again.stderr


def test_names_from_a_file_are_found_and_wrong_columns_are_not_taken(
    tmp_path: Path, stand_in
) -> None:
    url, served = stand_in("spotify", access="extended-legacy")
    names = [served.world.artist(a).name for a in (3, 5)]
    (tmp_path / "a.csv").write_text("id,name\n1," + names[0] + "\n2," + names[1] + "\n")
    told = phonofilm(
        "crawl",
        "spotify",
        "--at",
        url,
        "--data",
        tmp_path / "d",
        "--artists",
        tmp_path / "a.csv",
        "-W",
        "artists",
        "--json",
    )
    assert json.loads(told.stdout)["records"]["artists"]["full"] >= 2
    ids = [served.service.objects.id_of("artist", a) for a in (3, 5)]
    (tmp_path / "i.csv").write_text("name,id\n" + "".join(f"x,{i}\n" for i in ids))
    told = phonofilm(
        "crawl",
        "spotify",
        "--at",
        url,
        "--data",
        tmp_path / "e",
        "--ids",
        tmp_path / "i.csv",
        "-W",
        "artists",
        "--json",
    )
    assert json.loads(told.stdout)["records"]["artists"] == {"full": 2, "mentioned": 0}


def test_find_looks_at_a_source_and_into_the_warehouse(
    filled: Path, tmp_path: Path, stand_in
) -> None:
    url, served = stand_in("deezer", artists=80)
    name = next(
        served.world.artist(a).name for a in range(80) if served.world.artist(a).name.isascii()
    )
    at_source = phonofilm(
        "find", "artist", name, "--source", "deezer", "--at", url, "--data", filled
    )
    assert name in at_source.stdout
    albums = phonofilm(
        "find",
        "albums",
        "--artist",
        name,
        "--source",
        "deezer",
        "--at",
        url,
        "--json",
        "--data",
        filled,
    )
    assert json.loads(albums.stdout)
    held = phonofilm("find", "artist", name.split()[0], "--data", filled)
    assert name.split()[0] in held.stdout
    lists = phonofilm("find", "playlists", "mix", "--data", filled, "--json")
    assert all("mix" in row["name"] for row in json.loads(lists.stdout))


def test_hostile_names_reach_no_terminal(filled: Path) -> None:
    told = phonofilm(
        "sql", "SELECT chr(27) || '[31mred' || chr(10) || 'x' AS name", "--data", filled
    )
    assert "\x1b" not in told.stdout
    assert "[31mred x" in told.stdout


def test_sql_cannot_write_and_its_errors_are_words(filled: Path) -> None:
    assert phonofilm("sql", "DROP TABLE store.artist", "--data", filled).returncode == 2
    told = phonofilm("sql", "SELEC 1", "--data", filled)
    assert told.returncode == 2
    assert "query fails" in told.stderr


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    told = phonofilm(
        "doctor",
        "--data",
        tmp_path,
        cwd=tmp_path,
        PHONOFILM_SPOTIFY__CLIENT_SECRET="hush-hush",
        PHONOFILM_SPOTIFY__CLIENT_ID="me",
        PHONOFILM_SPOTIFY__ACCEPT_TERMS="true",
        PHONOFILM_SPOTIFY__BASIS="test",
    )
    assert "on, access development" in told.stdout
    assert "hush" not in told.stdout + told.stderr


def test_settings_come_from_toml_env_file_and_environment(tmp_path: Path) -> None:
    (tmp_path / "phonofilm.toml").write_text(
        '[spotify]\naccept_terms = true\nbasis = "thesis"\nclient_id = "a"\n'
    )
    (tmp_path / ".env").write_text("PHONOFILM_SPOTIFY__CLIENT_SECRET=s\n")
    told = phonofilm("doctor", cwd=tmp_path, PHONOFILM_SPOTIFY__ACCESS="extended")
    assert "on, access extended" in told.stdout
    (tmp_path / "phonofilm.toml").write_text("[spotify\n")
    assert phonofilm("doctor", cwd=tmp_path).returncode == 3
    (tmp_path / "phonofilm.toml").write_text("[spotfy]\n")
    assert "Did you mean spotify?" in phonofilm("doctor", cwd=tmp_path).stderr
    (tmp_path / "phonofilm.toml").write_text("keep_names = false\n")
    assert phonofilm("doctor", cwd=tmp_path, PHONOFILM_SPOTIFY="abc").returncode == 3


def test_a_log_file_holds_json_lines(tmp_path: Path, stand_in) -> None:
    url, _ = stand_in("deezer")
    log = tmp_path / "log.jsonl"
    told = phonofilm(
        "--log-file", log, "crawl", "deezer", "--at", url, "--data", tmp_path / "d", "-n", 5
    )
    assert told.returncode == 0
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events == ["crawl_started", "crawl_ended"]


def test_the_sandbox_prints_one_line_when_it_is_ready(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "phonofilm",
            "sandbox",
            "spotify",
            "--access",
            "development",
            "--artists",
            "50",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    told = json.loads(process.stdout.readline())
    assert told["url"].startswith("http://127.0.0.1:")
    assert (told["source"], told["access"], told["world"]) == (
        "spotify",
        "development",
        "generated-50-7",
    )
    process.terminate()
    assert process.wait(10) == 0
    process.stdout.close()
