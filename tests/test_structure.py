"""The shape of the house: sizes, names and words that reviews would otherwise have to repeat."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "phonofilm"
FILES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 8
# Words that said nothing: each of them was bound in a hundred functions with unrelated meanings.
EMPTY_NAMES = {"told", "held", "found", "place", "thing", "things", "beside"}
# The API reads as the command line does: its crawl takes the options of the verb.
WIDE_SIGNATURES = {"api.py:crawl"}
# Names that users of the Python API write.
PUBLIC_NAMES = {"api.py": {"beside"}}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def parameters(function: Function) -> list[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in ("self", "cls")]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_fits_on_a_few_screens(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= FILE_LINES_MAX


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_function_is_short_and_takes_few_parameters(path: Path) -> None:
    for function in functions(path):
        where = f"{name_of(path)}:{function.name}"
        assert function.end_lineno - function.lineno < FUNCTION_LINES_MAX, where
        assert len(parameters(function)) <= PARAMETERS_MAX or where in WIDE_SIGNATURES, where


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_name_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bound = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    assert bound & EMPTY_NAMES <= PUBLIC_NAMES.get(name_of(path), set())


def test_the_formatter_formats_every_line() -> None:
    skipped = [name_of(path) for path in FILES if "fmt: skip" in path.read_text(encoding="utf-8")]
    assert skipped == []
