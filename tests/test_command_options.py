"""Commands made of options objects, and how the command line ends."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from phonofilm.cli import main as cli  # the module: its parts are replaced here
from phonofilm.cli.crawl import cross_source, enrich
from phonofilm.cli.crawl.arguments import CrawlArguments, check_options
from phonofilm.cli.options import changed_options, parse_time_limit, takes_options
from phonofilm.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a command of this test."""

    name: Annotated[str, typer.Argument(help="A name.")]
    tags: Annotated[list[str] | None, typer.Option("--tag", "-t")] = None
    count: Annotated[int, typer.Option("--count", min=1)] = 3
    loud: Annotated[bool, typer.Option("--loud")] = False


received: list[Options] = []


@takes_options
def command(options: Options) -> None:
    """Do something with options."""
    received.append(options)


def run(*arguments: str) -> int:
    received.clear()
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(arguments)).exit_code


def test_each_field_is_a_parameter_with_its_type_and_default() -> None:
    parameters = inspect.signature(command).parameters
    assert list(parameters) == ["name", "tags", "count", "loud"]
    assert parameters["name"].default is inspect.Parameter.empty
    assert parameters["count"].default == 3
    assert command.__doc__ == "Do something with options."


def test_the_function_receives_its_options_as_one_object() -> None:
    assert run("a", "-t", "x", "--tag", "y", "--count", "5") == 0
    assert received == [Options(name="a", tags=["x", "y"], count=5, loud=False)]


def test_bounds_and_missing_arguments_are_refused_as_ever() -> None:
    assert run("a", "--count", "0") == 2
    assert run() == 2


def test_options_are_changed_when_their_value_is_not_the_default() -> None:
    every = ("tags", "count", "loud")
    assert changed_options(Options(name="a"), every) == []
    assert changed_options(Options(name="a", tags=[]), every) == []
    assert changed_options(Options(name="a", tags=["x"], count=4, loud=True), every) == list(every)
    assert changed_options(Options(name="a", count=4), ("tags",)) == []


@pytest.mark.parametrize(
    ("text", "seconds"), [(None, None), ("90", 90), ("30s", 30), ("1.5m", 90), ("2 h", 7200)]
)
def test_a_time_limit_is_a_duration(text: str | None, seconds: float | None) -> None:
    assert parse_time_limit(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0", "-1", "1y"])
def test_any_other_text_is_no_time_limit(text: str) -> None:
    with pytest.raises(UsageError, match="no time"):
        parse_time_limit(text)


def test_a_signal_during_a_query_is_an_interruption_and_another_error_a_bug(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted_duckdb_1() -> None:
        raise RuntimeError("Query interrupted, somehow") from KeyboardInterrupt()

    def interrupted_duckdb_2() -> None:
        raise RuntimeError("Query interrupted")

    def broken() -> None:
        raise RuntimeError("interrupt is only a word here")

    monkeypatch.setattr("sys.argv", ["phonofilm", "doctor"])
    monkeypatch.setattr(cli, "_register", lambda arguments: None)
    for interrupted in (interrupted_duckdb_1, interrupted_duckdb_2):
        monkeypatch.setattr(cli, "app", interrupted)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 130
    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(RuntimeError, match="only a word"):
        cli.main()


COMMON = {"source", "at", "yes", "debug", "landing", "create", "data", "config", "json"}
OPTIONS = [field.name for field in fields(CrawlArguments) if field.name not in COMMON]
CHANGED = {"n": 3, "max_calls": 3, "workers": 3, "refresh": 3.0, "urls": ["a"], "want": ["albums"]}
OBEYED = {
    "--for": {"for_", "max_calls", "workers"},
    "--plan": {"plan", "fields", "n", "want", "genre", "artist", "artists", "artists_from"}
    | {"max_calls", "workers"},
}


@pytest.mark.parametrize("program", OBEYED)
@pytest.mark.parametrize("option", OPTIONS)
def test_a_crawl_obeys_an_option_or_refuses_it(program: str, option: str) -> None:
    chosen = {"--for": {"for_": "spotify"}, "--plan": {"plan": True}}[program]
    changed = {option: CHANGED.get(option, "x")} | chosen
    arguments = CrawlArguments(source="deezer", data=Path("nowhere"), **changed)
    check, accepted = {
        "--for": ("for_", cross_source.ACCEPTED),
        "--plan": ("plan", enrich.ACCEPTED),
    }[program]
    if option in OBEYED[program]:
        check_options(arguments, check, accepted)
    else:
        with pytest.raises(UsageError, match=f"{program} does not go with"):
            check_options(arguments, check, accepted)
