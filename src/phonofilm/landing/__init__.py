"""The raw truth: every answer as it came, first in a log, then in Parquet segments."""
