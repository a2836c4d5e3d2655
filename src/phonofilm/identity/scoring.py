"""How probable it is that two records are one thing: splink, with stated weights."""

from __future__ import annotations

import logging
from typing import Any

import duckdb

from phonofilm.identity.kinds import SILENT, Kind

_WEAKEST = 0.02
"""Pairs less probable than this are forgotten."""
LINKED = 0.9
"""Links at least so probable hold; weaker ones are for a person to decide."""


def settings_of(kind: Kind, records: int) -> dict[str, Any]:
    """splink's settings. The more records there are, the less any two of them are one."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "comparisons": list(kind.comparisons),
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": min(0.01, kind.expected / max(2, records)),
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }


def score(connection: duckdb.DuckDBPyConnection, kind: Kind, records: int) -> int:
    """Scores the table `pairs`, and keeps what is worth keeping in `scored`; how many."""
    from splink import DuckDBAPI, Linker  # noqa: PLC0415 - an extra, and slow to import

    logging.getLogger("splink").setLevel(logging.CRITICAL + 1)
    facts = ", ".join(["uid", *kind.facts])
    connection.execute(
        f"""CREATE OR REPLACE VIEW facts_of_{kind.name} AS SELECT {facts} FROM book.{kind.name}
        WHERE uid IN (SELECT join_key_l FROM pairs UNION ALL SELECT join_key_r FROM pairs)"""
    )
    api = DuckDBAPI(connection)
    linker = Linker(
        api.register(f"facts_of_{kind.name}"), settings_of(kind, records), log_level=None
    )  # type: ignore[arg-type]
    linker.table_management.register_blocked_pairs_for_predict(api.register("pairs"))
    found = linker.inference.predict(
        threshold_match_probability=_WEAKEST, warning_mode="never"
    )  # fmt: skip
    kept = _keep(connection, kind, found.physical_name)
    api.delete_tables_created_by_splink_from_db()
    connection.execute(f"DROP VIEW facts_of_{kind.name}")
    return kept


def _keep(connection: duckdb.DuckDBPyConnection, kind: Kind, table: str) -> int:
    """Links with their evidence. Without a second witness a link is at most worth a look."""
    odds = "pow(2.0, least(match_weight, 60))"
    named = "gamma_known = 1" if "known" in kind.facts else "false"
    code = next((f"gamma_{c} = 1" for c in ("isrc", "upc", "imdb") if c in kind.facts), "false")
    connection.execute(
        f"""CREATE OR REPLACE TABLE scored AS SELECT uid_l AS a, uid_r AS b,
        round(CASE WHEN {kind.witnesses} THEN {odds} ELSE least({odds}, 1.0) END, 9) AS odds,
        {evidence_of(kind)} AS evidence, CASE WHEN {named} THEN 'id' WHEN {code} THEN 'code'
        ELSE 'likeness' END AS method FROM {table}"""
    )
    row = connection.execute("SELECT count(*) FROM scored").fetchone()
    return int(row[0]) if row else 0


def evidence_of(kind: Kind) -> str:
    """SQL: what agrees and what does not, as `fact: words; ...`; facts not known are left out."""
    parts = []
    for compared in kind.comparisons:
        fact = compared["output_column_name"]
        levels = [held for held in compared["comparison_levels"] if not held.get("is_null_level")]
        cases = " ".join(
            f"WHEN {len(levels) - 1 - place} THEN '{fact}: {_quoted(held['label_for_charts'])}'"
            for place, held in enumerate(levels)
            if held["label_for_charts"] != SILENT
        )
        parts.append(f"CASE gamma_{fact} {cases} END")
    return f"concat_ws('; ', {', '.join(parts)})"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
