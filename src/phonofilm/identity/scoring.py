"""How probable it is that two records are one thing: splink, with stated weights."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import msgspec

from phonofilm.identity.model import SILENT, MatchModel

WEAKEST = 0.02
"""Pairs less probable than this are forgotten."""
LINKED = 0.9
"""Links at least so probable hold; weaker ones are for a person to decide."""


def prior_of(kind: MatchModel, records: int) -> float:
    """The probability of two records of which nothing is known.

    The more records there are, the less any two of them are one.
    """
    return kind.expected / max(records, kind.catalogue)


def settings_of(kind: MatchModel, records: int) -> dict[str, Any]:
    """splink's settings."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "comparisons": list(kind.comparisons),
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": prior_of(kind, records),
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }


class Weight(msgspec.Struct):
    """One fact of two records: both values, how they agree, and the weight of it in bits.

    A bit doubles the odds that both are one thing; a negative weight speaks against it.
    """

    fact: str
    one: str
    other: str
    agreement: str
    bits: float


def weigh(
    connection: duckdb.DuckDBPyConnection, kind: MatchModel, a: int, b: int, records: int
) -> tuple[float, list[Weight]]:
    """The probability of two records alone, and the weight of each fact."""
    low, high = sorted((a, b))
    connection.execute(
        "CREATE OR REPLACE TABLE pairs AS SELECT ?::BIGINT AS join_key_l,"
        " ?::BIGINT AS join_key_r, '0' AS match_key",
        [low, high],
    )
    with _predicted(connection, kind, records, 0.0) as table:
        found = connection.execute(f"SELECT *, {kind.required_evidence} AS _witnessed FROM {table}")
        names = [column[0] for column in found.description or ()]
        (values,) = found.fetchall()
        row = dict(zip(names, values, strict=True))
    mine, theirs = ("l", "r") if low == a else ("r", "l")
    weights = [_prior(kind, records)]
    for compared in kind.comparisons:
        fact = str(compared["output_column_name"])
        weights.append(
            Weight(
                fact,
                str(row[f"{fact}_{mine}"]),
                str(row[f"{fact}_{theirs}"]),
                _words(compared, int(row[f"gamma_{fact}"])),
                round(float(row[f"mw_{fact}"]), 2),
            )
        )
    probability = float(row["match_probability"])
    return (probability if row["_witnessed"] else min(probability, 0.5)), weights


def _prior(kind: MatchModel, records: int) -> Weight:
    """What two records of a catalogue so large are before anything is known of them."""
    prior = settings_of(kind, records)["probability_two_random_records_match"]
    bits = round(math.log2(prior / (1 - prior)), 2)
    return Weight("before any fact", "", "", f"1 in {1 / prior:,.0f}", bits)


def _words(compared: dict[str, Any], gamma: int) -> str:
    levels = [held for held in compared["comparison_levels"] if not held.get("is_null_level")]
    return "not known" if gamma < 0 else str(levels[len(levels) - 1 - gamma]["label_for_charts"])


def score(connection: duckdb.DuckDBPyConnection, kind: MatchModel, records: int) -> int:
    """Scores the table `pairs`, and keeps what is worth keeping in `scored`; how many."""
    with _predicted(connection, kind, records, WEAKEST) as table:
        return _keep(connection, kind, table, prior_of(kind, records))


@contextmanager
def _predicted(
    connection: duckdb.DuckDBPyConnection, kind: MatchModel, records: int, least: float
) -> Iterator[str]:
    """The table in which splink scored `pairs`; it is gone afterwards.

    Whoever asks this connection something reads the answer to its end: since DuckDB 2.0
    (2026-10-21) splink's next statement is refused otherwise.
    """
    from splink import DuckDBAPI, Linker  # noqa: PLC0415 - an extra, and slow to import

    logging.getLogger("splink").setLevel(logging.CRITICAL + 1)
    facts = ", ".join(["uid", *kind.facts])
    view = f"facts_of_{kind.name}"
    connection.execute(
        f"""CREATE OR REPLACE VIEW {view} AS SELECT {facts} FROM book.{kind.name}
        WHERE uid IN (SELECT join_key_l FROM pairs UNION ALL SELECT join_key_r FROM pairs)"""
    )
    api = DuckDBAPI(connection)
    linker = Linker(api.register(view), settings_of(kind, records), log_level=None)
    linker.table_management.register_blocked_pairs_for_predict(api.register("pairs"))
    found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
    yield found.physical_name
    api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
    connection.execute(f"DROP VIEW {view}")


def _keep(connection: duckdb.DuckDBPyConnection, kind: MatchModel, table: str, prior: float) -> int:
    """Links with their evidence, and by how much it raises the odds whatever they were before.

    `witnessed`: there is more than a code that speaks for it.
    """
    factor = f"pow(2.0, least(match_weight, 60)) / {prior / (1 - prior)!r}"
    named = "gamma_known = 1" if "known" in kind.facts else "false"
    code = next((f"gamma_{c} = 1" for c in ("isrc", "upc", "imdb") if c in kind.facts), "false")
    connection.execute(
        f"""CREATE OR REPLACE TABLE scored AS SELECT uid_l AS a, uid_r AS b,
        {factor} AS factor, {kind.required_evidence} AS witnessed, {evidence_of(kind)} AS evidence,
        CASE WHEN {named} THEN 'id' WHEN {code} THEN 'code' ELSE 'likeness' END AS method
        FROM {table}"""
    )
    ((count,),) = connection.execute("SELECT count(*) FROM scored").fetchall()
    return int(count)


def evidence_of(kind: MatchModel) -> str:
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
