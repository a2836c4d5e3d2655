r"""Readers of values: what a field of a record can mean, stated once for all sources.

Parsers of responses, queries over dumps and the command line read values here and nowhere else.

- A field of a record names its trait: `note("milliseconds", trait=DURATION_MS)`. Text without a
  trait has `WORDS`, a list of texts `WORD_LIST`. `traits.py` lists the traits there are.
- `Trait.read(value)` returns a `Reading`: the value that is kept, and whether something that the
  source meant was dropped. A word for "not known" (0, blanks, `\\N`) is null and nothing dropped.
- `clean.py` applies the traits of a whole record. `HttpSource.parse` calls it for every record of
  every response and reports what was dropped as `odd_value` or `odd_id`, so a parser passes
  values on as they came.
- `sql.py` states the same traits as SQL. Batches of dumps apply it to every column.
- `dates.py`, `codes.py` and `texts.py` are the readers themselves, for code that compares or
  converts values: `read_date`, `date_of_parts`, `year_of`, `isrc`, `upc`, `is_unknown`,
  `plain_text`.
"""
