"""AcousticBrainz: which files there are, and the features in them.

People sent in several measures of one recording, and they differ: the middle of them stands. Tempo
has octave errors (half, double); nothing here can tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from phonofilm.records import AudioFeatures, Track
from phonofilm.records.values.traits import TEMPO
from phonofilm.sources.bulk.cells import decimal, id_of
from phonofilm.sources.bulk.contract import BulkSource, DumpTable, RecordQuery
from phonofilm.sources.contract import Link, Parser
from phonofilm.sources.http import HttpSource
from phonofilm.sources.manifest import load_manifest

_STEM = "acousticbrainz-lowlevel-features-20220623"
_RHYTHM = (
    "mbid",
    "submission_offset",
    "bpm",
    "bpm_histogram_first_peak_bpm_mean",
    "bpm_histogram_first_peak_bpm_median",
    "bpm_histogram_second_peak_bpm_mean",
    "bpm_histogram_second_peak_bpm_median",
    "danceability",
    "onset_rate",
)
_TONAL = (
    "mbid",
    "submission_offset",
    "key_key",
    "key_scale",
    "tuning_frequency",
    "tuning_equal_tempered_deviation",
)


def _table(name: str, columns: tuple[str, ...]) -> DumpTable:
    files = (f"{_STEM}-{name}.tar.zst", f"{_STEM}-{name}.tar")
    return DumpTable(
        name=name,
        columns=columns,
        cells={"mbid": id_of("track")} | ({"bpm": decimal(TEMPO)} if "bpm" in columns else {}),
        required=("mbid",),
        packing="csv.tar",
        files=files,
    )


_KEYS = "['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B']"
_FLATS = "['', 'Db', '', 'Eb', '', '', 'Gb', '', 'Ab', '', 'Bb', '']"
_TEMPO = """SELECT mbid AS id, median(bpm) AS tempo FROM (
    SELECT mbid, decimal_number(bpm) AS bpm FROM rhythm)
    WHERE bpm > 0 GROUP BY mbid"""
_KEY = f"""SELECT mbid AS id, (coalesce(nullif(list_position({_KEYS}, key_name), 0),
    nullif(list_position({_FLATS}, key_name), 0)) - 1)::BIGINT AS key,
    CASE scale WHEN 'major' THEN 1 WHEN 'minor' THEN 0 END::BIGINT AS mode FROM (
        SELECT mbid, mode(key_key || ' ' || key_scale) AS most,
        split_part(most, ' ', 1) AS key_name, split_part(most, ' ', 2) AS scale
        FROM tonal GROUP BY mbid)"""
# A recording that was measured is a recording, even where nothing else is known of it.
_TRACKS = """SELECT DISTINCT mbid AS id, 'https://musicbrainz.org/recording/' || mbid AS url
    FROM rhythm"""


class AcousticBrainz(BulkSource, HttpSource):
    """Dumps alone."""

    parsers: ClassVar[Mapping[str, Parser]] = {}
    tables: Mapping[str, DumpTable] = {
        name: _table(name, columns) for name, columns in (("rhythm", _RHYTHM), ("tonal", _TONAL))
    }
    record_queries: Sequence[RecordQuery] = (
        RecordQuery(cls=AudioFeatures, tables=("rhythm",), sql=_TEMPO, fields=("tempo",)),
        RecordQuery(cls=AudioFeatures, tables=("tonal",), sql=_KEY, fields=("key", "mode")),
        RecordQuery(cls=Track, tables=("rhythm",), sql=_TRACKS, fields=("url",)),
    )

    def seeds(self, access: str) -> list[Link]:
        """Return no seeds, because the source has no requests."""
        return []


SOURCE = AcousticBrainz(load_manifest(__package__))
