"""Text from the world is text: it is printed as it is and steers no terminal, in every verb."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import unicodedata
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from phonofilm.cli import console
from phonofilm.cli.main import VERBS
from phonofilm.errors import StoreError
from phonofilm.formatting import plain_text
from phonofilm.logs import listen, log
from tests.cli import Result, run_cli
from tests.hostile import Hostile

NAMES = {
    "markup": "[red]x[/red] [/b] [link=file:///etc]y[/link] [x",
    "emoji": "a :b: c :smile:",
    "link": "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "title": "\x1b]0;owned\x07",
    "cursor": "\x1b[2J\x1b[1;1H\r\x08",
    "c1": "\x9b2J\x85",
    "bidi": "photo\u202egnp.exe\u2066\u200f",
    "nul": "a\0b",
    "lines": "one\ntwo\u2028three",
    "surrogate": "half\ud83d",
    "quotes": 'o\'dd "x" `id` $(id) ; DROP TABLE store.artist; --',
    "formula": '=HYPERLINK("http://evil.example","x")',
    "script": "<script>alert(1)</script>]]><!--",
}
FOLDER = "o'dd [red] [/b] :b: \x1b[2J \u202e"
_READ_BY_VERBS = {
    "sources": ["sources", "deezer"],
    "plan": ["plan", "--want", "artists=5"],
    "load": ["load"],
    "match": ["match"],
    "status": ["status"],
    "purge": ["purge"],
    "forget": ["forget", "[/b]\x1b[2J", "--yes"],
    "find": ["find", "artist", "["],
    "show": ["show", "artists"],
    "sql": ["sql", 'SELECT name AS "[/b]\x1b[2J" FROM artists'],
    "export": ["export", "artists", "--out", "out[/x]\x1b[2J.csv"],
    "report": ["report", "--out", "page[/b].html"],
    "doctor": ["doctor"],
}
_WITHOUT_FOLDER = ("sources", "plan")


def steers(text: str) -> list[str]:
    """The characters of a text that a terminal may obey, line breaks left out."""
    return [c for c in text if unicodedata.category(c)[0] == "C" and c != "\n"]


@given(st.text() | st.sampled_from(list(NAMES.values())))
def test_plain_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    plain = plain_text(text)
    assert steers(plain) == []
    assert len(plain) == len(text)
    assert plain_text(plain) == plain


def printed(*names: str) -> str:
    """What all ways to print write about these names."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        for name in names:
            console.say(name, (name, "bold"))
            console.note(name)
            console.warn(name)
            console.print_table((name, "n"), [(name, 1), ([name], 2)])
            console.print_error(StoreError(name, saved=name, next_step=name))
            console.print_json({name: name})
            console.out.print(Table(name, title=name))
            try:
                raise ValueError(name)
            except ValueError as error:
                console.print_traceback(ValueError, error, error.__traceback__)
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_every_way_to_print_prints_a_hostile_name_as_text(name: str) -> None:
    text = NAMES[name]
    output = printed(text)
    assert steers(output) == []
    assert plain_text(text) in output.replace("\n", "")


def test_nothing_prints_but_by_the_console() -> None:
    """One module decides what text means; markup and consoles of their own bypass it."""
    source = Path(console.__file__).parents[1]
    ways = re.compile(
        r"\bprint\(f?[\"']|rich\.markup|\bConsole\(|from_markup|typer\.echo|click\.echo"
    )
    modules = [path for path in source.rglob("*.py") if path != Path(console.__file__)]
    offenders = [
        f"{path.relative_to(source)}:{number}"
        for path in modules
        if "sandbox" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ways.search(line)
    ]
    assert offenders == []


def test_json_is_escaped_and_says_the_same(capsys) -> None:
    document = {name: text for name, text in NAMES.items() if name != "surrogate"}
    text = _json_of(document)
    assert steers(text.rstrip("\n")) == []
    assert json.loads(text) == document


def test_json_of_a_file_name_that_is_not_utf8_is_json() -> None:
    assert json.loads(_json_of({"path": Path("caf\udce9")})) == {"path": "caf\udce9"}


def _json_of(document: object) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(stream):
        console.print_json(document)
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


def test_a_log_is_ascii_whatever_it_quotes(tmp_path: Path) -> None:
    listen(tmp_path / "log", debug=False)
    for text in NAMES.values():
        log.info(text, url=text)
    lines = (tmp_path / "log").read_bytes()
    assert lines.isascii() and b"\x1b" not in lines
    assert [json.loads(line)["url"] for line in lines.splitlines()] == list(NAMES.values())


async def _artists(server: Hostile, request: web.BaseRequest) -> web.StreamResponse:
    if request.path == "/genre":
        body = {"data": [{"id": 1, "name": NAMES["markup"], "type": "genre"}]}
    elif request.path.endswith("/artists"):
        rows = enumerate(NAMES.values(), 1)
        body = {"data": [{"id": n, "name": name, "nb_fan": 9, "nb_album": 1} for n, name in rows]}
    else:
        body = {"error": {"type": NAMES["cursor"], "message": NAMES["link"], "code": 800}}
    return web.json_response(body)


@pytest.fixture(scope="module")
def collected(made_once) -> Path:
    """A loaded folder in which artists, genres and errors are called what NAMES says."""

    def collect(folder: Path) -> None:
        server = Hostile(_artists)
        try:
            words = ("crawl", "deezer", "-W", "artists=all", "--at", server.url)
            crawl = run_cli(*words, "--data", folder)
            find = run_cli("find", "artist", "x", "--at", server.url, "--source", "deezer")
        finally:
            server.close()
        load = run_cli("load", "--data", folder)
        assert (crawl.exit_code, load.exit_code, find.exit_code) == (0, 0, 6)
        for result in (crawl, load, find):
            assert steers(result.stdout + result.stderr) == []

    return made_once("hostile-names", collect)


@pytest.fixture
def data(collected: Path, tmp_path: Path, copied) -> Path:
    """A copy of it under a name that is markup, an escape sequence and a quoted word."""
    folder = tmp_path / FOLDER
    folder.parent.mkdir(parents=True)
    return copied(collected).rename(folder)


def verb(name: str, data: Path, *more: str) -> Result:
    words = _READ_BY_VERBS[name]
    where = () if name in _WITHOUT_FOLDER else ("--data", data)
    return run_cli(*words, *where, *more, cwd=data.parent)


def test_every_verb_is_tried_with_hostile_names_or_needs_a_world_of_its_own() -> None:
    assert VERBS.keys() - _READ_BY_VERBS.keys() == {"crawl", "import", "land", "demo", "sandbox"}


@pytest.mark.parametrize("name", _READ_BY_VERBS)
def test_a_verb_prints_hostile_names_and_paths_as_text(name: str, data: Path) -> None:
    result = verb(name, data)
    assert steers(result.stdout + result.stderr) == []
    assert result.exit_code == (2 if name == "forget" else 0), result.text
    document = verb(name, data, "--json")
    assert steers(document.stdout + document.stderr) == []
    assert msgspec.json.decode(document.stdout) is not None


def test_the_world_s_names_stay_exact_in_the_data(data: Path) -> None:
    names = run_cli("sql", "SELECT id, name FROM artists", "--data", data, "--json").document
    assert {row["id"]: row["name"] for row in names} == {
        str(number): text.replace("\ud83d", "\ufffd")
        for number, text in enumerate(NAMES.values(), 1)
    }


def test_the_next_step_can_be_pasted_into_a_shell(data: Path) -> None:
    assert f"--data {console.in_folder('', data).split('--data ')[1]}" == (
        console.in_folder("", data).strip()
    )
    load = verb("load", data)
    quoted = "'\"'\"'"
    assert f"o{quoted}dd [red] [/b] :b:" in load.stderr


@pytest.mark.parametrize("words", [["[/b]"], ["crawl", "[/b]"], ["crawl", "--[/b]\x1b[2J"]])
def test_a_mistyped_word_is_quoted_as_text(words: list[str]) -> None:
    result = run_cli(*words)
    assert result.exit_code == 2
    assert "[/b]" in result.stderr
    assert steers(result.stderr) == []


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_standard_output_may_have_any_encoding(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    console.tolerate_encodings()
    console.say("進撃の巨人 ✓ \udce9")
    console.print_table(("name",), [("進撃の巨人",)])
    assert rb"\u9032\u6483" in stream.buffer.getvalue()
