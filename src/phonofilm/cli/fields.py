"""Words for fields, as `--fields` takes them."""

from __future__ import annotations

from phonofilm.errors import UsageError
from phonofilm.sources.capabilities import NAMES_OF_FIELDS, place_of


def parse_fields(text: str, kinds: list[str]) -> list[tuple[str, str]]:
    """Parse words separated by commas into kinds and field names; UsageError for an unknown one."""
    return [_parse_field(word.strip(), kinds) for word in text.split(",") if word.strip()]


def _parse_field(word: str, kinds: list[str]) -> tuple[str, str]:
    field = place_of(word.lower(), kinds)
    if field is None:
        raise UsageError(
            f"There is no field called {word!r}.",
            next_step=f"Say a column of a table, or one of {', '.join(NAMES_OF_FIELDS)}.",
        )
    return field
