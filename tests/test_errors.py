"""Errors: sentences for people, facts for programs."""

from __future__ import annotations

import re

import pytest

from phonofilm import errors
from phonofilm.errors import LockedError, OriginError, PhonofilmError, ShapeError, StoreError


def every_error() -> list[type[PhonofilmError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, PhonofilmError)]


@pytest.mark.parametrize("kind", every_error())
def test_the_tree_at_the_top_of_the_module_names_every_error_with_its_exit_code(kind) -> None:
    tree = errors.__doc__ or ""
    if kind is not PhonofilmError:
        assert re.search(rf"─ {kind.__name__} +{kind.exit_code} ", tree)


def test_what_is_saved_can_be_said_later_and_the_error_stays_itself() -> None:
    error = StoreError("The disk fails.", saved="Nothing.", next_step="Make room.")
    assert error.with_saved("Everything.") is error
    assert (error.happened, error.saved, error.next_step) == (
        "The disk fails.",
        "Everything.",
        "Make room.",
    )
    assert error.with_saved("All.", "Wait.").next_step == "Wait."


def test_errors_carry_their_facts() -> None:
    origin = OriginError("Another world.", expected="a", actual="b")
    assert (origin.expected, origin.actual) == ("a", "b")
    assert LockedError("In use.", holder="load by process 7").holder == "load by process 7"
    shape = ShapeError("Changed.", table="title.basics")
    assert (shape.table, shape.endpoint) == ("title.basics", "")
