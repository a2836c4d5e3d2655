"""Fit a JSON tree to a type by dropping the smallest part that does not fit.

The path in the error of msgspec names that part. It becomes null where the type allows that;
otherwise it is left out of its object or list; an object that cannot do without it is dropped in
turn. So one odd value costs itself, and PHP's empty list for an empty object costs that object.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from phonofilm.sources.contract import Finding, Page

T = TypeVar("T")
CAME = ", and it was "
"""What stands before the excerpt of a value in the detail of a finding."""
_PATH = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")
_SCALAR = re.compile(r"Expected `(int|float|bool|str)\b")
_FIGURE = re.compile(r"Expected `(int|float|bool)\b")
# An object with more odd values than this is none of its type. Chosen, not tuned.
_REPAIRS_MAX = 2000
_EXCERPT_CHARACTERS_MAX = 40


def fit(tree: Any, shape: type[T], page: Page) -> T:
    """Convert a tree, which is changed; each value that was dropped is a finding of the page.

    `odd_value` is a figure or a text, `odd_part` an object, a list or an element of a list.
    Raises ValidationError when the whole tree does not fit; nothing is reported then.
    """
    findings: list[Finding] = []
    last: list[str | int] = []
    for _ in range(_REPAIRS_MAX):
        try:
            converted = msgspec.convert(tree, shape, strict=False)
        except msgspec.ValidationError as error:
            message, steps = str(error), _steps(str(error))
            parent, key = _parent_of(tree, steps)
            if parent is None:
                raise
            # A container that cannot do without a dropped part is dropped for the same fault.
            is_element = isinstance(parent, list) and parent[key] is None
            if last[: len(steps)] != steps:
                kind = "odd_value" if _SCALAR.match(message) else "odd_part"
                findings.append(Finding(kind, _detail(message, steps, parent[key])))
            elif is_element or len(steps) < len(last):
                findings[-1] = findings[-1]._replace(kind="odd_part")
            _drop(parent, key)
            last = [] if is_element else steps  # the next element comes to this position
            continue
        page.findings += findings
        return converted
    return msgspec.convert(tree, shape, strict=False)


def _drop(parent: Any, key: Any) -> None:
    """Make a value null; leave it out when it is null already."""
    if parent[key] is None:
        del parent[key]
    else:
        parent[key] = None


def _steps(message: str) -> list[str | int]:
    """Return the keys and positions in the path of a message; the values of maps have no name."""
    path = _PATH.search(message)
    steps: list[str | int] = []
    for match in _STEP.finditer(path[1] if path else ""):
        if match[3]:
            break
        steps.append(match[1] if match[1] is not None else int(match[2]))
    return steps


def _parent_of(tree: Any, steps: list[str | int]) -> tuple[Any, Any]:
    """Return the container of the last value on a path that is there, and its key in it."""
    parent, key, node = None, None, tree
    for step in steps:
        is_there = (
            step in node
            if isinstance(node, dict)
            else isinstance(node, list) and _is_in(step, node)
        )
        if not is_there:
            break
        parent, key, node = node, step, node[step]
    return parent, key


def _is_in(step: str | int, items: list[Any]) -> bool:
    return isinstance(step, int) and step < len(items)


def _detail(message: str, steps: list[str | int], value: Any) -> str:
    """Describe a value by the names on its path; an excerpt of a text stands for a figure only."""
    name = ".".join(step for step in steps if isinstance(step, str))
    reason = message.partition(" - at ")[0]
    is_shown = not isinstance(value, str | list | dict) or not value or _FIGURE.match(message)
    excerpt = f"{CAME}{repr(value)[:_EXCERPT_CHARACTERS_MAX]}" if is_shown else ""
    return f"{name}: {reason}{excerpt}"
