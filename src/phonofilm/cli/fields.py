"""Words for fields, as `--fields` takes them."""

from __future__ import annotations

from phonofilm.errors import UsageError
from phonofilm.sources.capabilities import FIELD_NAMES, resolve_field


def parse_fields(text: str, kinds: list[str]) -> list[tuple[str, str]]:
    """Parse words separated by commas into kinds and field names; UsageError for an unknown one."""
    return [_parse_field(word.strip(), kinds) for word in text.split(",") if word.strip()]


def _parse_field(word: str, kinds: list[str]) -> tuple[str, str]:
    field = resolve_field(word.lower(), kinds)
    if field is None:
        raise UsageError(
            f"There is no field called {word!r}.",
            next_step=f"Say a column of a table, or one of {', '.join(FIELD_NAMES)}.",
        )
    return field
