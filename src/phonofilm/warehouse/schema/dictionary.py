"""The data dictionary, for docs/data-dictionary.md."""

from __future__ import annotations

from phonofilm.records import RECORDS, columns
from phonofilm.warehouse.schema.tables import provenance, provenance_text


def data_dictionary() -> str:
    """Return the tables and columns of all records as Markdown."""
    lines = ["# Data dictionary", "", "Generated from the record classes.", ""]
    for cls in RECORDS:
        lines += [f"## {cls.plural}", "", str(cls.__doc__).split("\n")[0], ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [f"| {c.name} | {c.sql_type} | {c.text} |" for c in columns(cls)]
        lines += [
            f"| {name} | {provenance(cls).get(name, 'VARCHAR')} | {text} |"
            for name, text in provenance_text(cls).items()
        ]
        lines.append("")
    return "\n".join(lines)
