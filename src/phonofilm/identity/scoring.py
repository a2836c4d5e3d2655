"""Score candidate pairs with splink and stated weights."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb
import msgspec

from phonofilm.identity.model import NO_EVIDENCE, MatchModel
from phonofilm.sql import literal

STORED_PROBABILITY_MIN = 0.02
"""Pairs below this probability are not stored; chosen, not tuned."""
LINKED = 0.9
"""Links of at least this probability are accepted; measured in November 2026, see RESULTS.md."""


def prior_of(model: MatchModel, records: int) -> float:
    """Return the probability that two random records are the same entity."""
    return model.expected / max(records, model.catalogue_size)


def settings_of(model: MatchModel, records: int) -> dict[str, Any]:
    """Return the settings of splink."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "comparisons": list(model.comparisons),
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": prior_of(model, records),
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }


class Weight(msgspec.Struct):
    """One fact of two records: both values, their agreement, and its weight in bits.

    A bit doubles the odds that both are the same entity; a negative weight lowers them.
    """

    fact: str
    one: str
    other: str
    agreement: str
    bits: float


class Weighed(NamedTuple):
    """Weights of all facts, the probability by them, and whether a link may rest on it.

    Without the required evidence the probability is at most 0.5.
    """

    probability: float
    weights: list[Weight]
    is_supported: bool


def weigh(
    connection: duckdb.DuckDBPyConnection, model: MatchModel, a: int, b: int, records: int
) -> Weighed:
    """Weigh two records alone."""
    low, high = sorted((a, b))
    connection.execute(
        "CREATE OR REPLACE TABLE pairs AS SELECT ?::BIGINT AS join_key_l,"
        " ?::BIGINT AS join_key_r, '0' AS match_key",
        [low, high],
    )
    with _predicted(connection, model, records, 0.0) as table:
        cursor = connection.execute(
            f"SELECT *, {model.required_evidence} AS _supported FROM {table}"
        )
        names = [column[0] for column in cursor.description or ()]
        (values,) = cursor.fetchall()
        row = dict(zip(names, values, strict=True))
    side, other_side = ("l", "r") if low == a else ("r", "l")
    weights = [_prior(model, records)]
    for comparison in model.comparisons:
        fact = str(comparison["output_column_name"])
        weights.append(
            Weight(
                fact=fact,
                one=str(row[f"{fact}_{side}"]),
                other=str(row[f"{fact}_{other_side}"]),
                agreement=_label(comparison, int(row[f"gamma_{fact}"])),
                bits=round(float(row[f"mw_{fact}"]), 2),
            )
        )
    probability, is_supported = float(row["match_probability"]), bool(row["_supported"])
    return Weighed(
        probability=probability if is_supported else min(probability, 0.5),
        weights=weights,
        is_supported=is_supported,
    )


def _prior(model: MatchModel, records: int) -> Weight:
    """Return the prior of a dataset of this size as a weight."""
    prior = settings_of(model, records)["probability_two_random_records_match"]
    bits = round(math.log2(prior / (1 - prior)), 2)
    return Weight(
        fact="before any fact", one="", other="", agreement=f"1 in {1 / prior:,.0f}", bits=bits
    )


def _label(comparison: dict[str, Any], gamma: int) -> str:
    levels = _levels_of(comparison)
    return "not known" if gamma < 0 else str(levels[len(levels) - 1 - gamma]["label_for_charts"])


def score(connection: duckdb.DuckDBPyConnection, model: MatchModel, records: int) -> int:
    """Score the table `pairs` and write the stored links to `scored`; return their number."""
    with _predicted(connection, model, records, STORED_PROBABILITY_MIN) as table:
        return _write_scored(connection, model, table, prior_of(model, records))


@contextmanager
def _predicted(
    connection: duckdb.DuckDBPyConnection, model: MatchModel, records: int, probability_min: float
) -> Iterator[str]:
    """Yield the table in which splink scored `pairs`, and drop it afterwards.

    Callers must read every result of this connection to its end: since DuckDB 2.0 (2026-10-21)
    the next statement of splink is rejected otherwise.
    """
    from splink import DuckDBAPI, Linker  # noqa: PLC0415 - an extra, and slow to import

    logging.getLogger("splink").setLevel(logging.CRITICAL + 1)
    facts = ", ".join(["uid", *model.facts])
    view = f"facts_of_{model.name}"
    connection.execute(
        f"""CREATE OR REPLACE VIEW {view} AS SELECT {facts} FROM matches.{model.name}
        WHERE uid IN (SELECT join_key_l FROM pairs UNION ALL SELECT join_key_r FROM pairs)"""
    )
    api = DuckDBAPI(connection)
    # The settings are ours and the same for each run: checking them took a tenth of a small match.
    settings = settings_of(model, records)
    linker = Linker(api.register(view), settings, log_level=None, validate_settings=False)
    linker.table_management.register_blocked_pairs_for_predict(api.register("pairs"))
    scored = linker.inference.predict(
        threshold_match_probability=probability_min, warning_mode="never"
    )
    yield scored.physical_name
    api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
    connection.execute(f"DROP VIEW {view}")


def _write_scored(
    connection: duckdb.DuckDBPyConnection, model: MatchModel, table: str, prior: float
) -> int:
    """Write links with their evidence and the factor by which it raises any prior odds.

    `witnessed` tells whether a link has the required evidence besides a code.
    """
    factor = f"pow(2.0, least(match_weight, 60)) / {prior / (1 - prior)!r}"
    by_id = "gamma_known = 1" if "known" in model.facts else "false"
    by_code = next((f"gamma_{c} = 1" for c in ("isrc", "upc", "imdb") if c in model.facts), "false")
    connection.execute(
        f"""CREATE OR REPLACE TABLE scored AS SELECT uid_l AS a, uid_r AS b,
        {factor} AS factor, {model.required_evidence} AS witnessed,
        {evidence_of(model)} AS evidence,
        CASE WHEN {by_id} THEN 'id' WHEN {by_code} THEN 'code' ELSE 'likeness' END AS method
        FROM {table}"""
    )
    ((count,),) = connection.execute("SELECT count(*) FROM scored").fetchall()
    return int(count)


def evidence_of(model: MatchModel) -> str:
    """Return SQL of the evidence as `fact: label; ...`; missing facts are left out."""
    parts = []
    for comparison in model.comparisons:
        fact = comparison["output_column_name"]
        levels = _levels_of(comparison)
        cases = " ".join(
            f"WHEN {len(levels) - 1 - index} THEN {literal(f'{fact}: {label}')}"
            for index, level in enumerate(levels)
            if (label := level["label_for_charts"]) != NO_EVIDENCE
        )
        parts.append(f"CASE gamma_{fact} {cases} END")
    return f"concat_ws('; ', {', '.join(parts)})"


def _levels_of(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the levels that add evidence, best first; splink numbers them from the end."""
    return [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
