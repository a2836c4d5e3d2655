"""Logs: silent unless somebody listens, JSON lines when they do, never a secret."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import structlog

from phonofilm.errors import UsageError

_SECRET = re.compile(
    r"(?i)(bearer|basic)\s+[\w.+/=-]+|((?:client_secret|access_token|api_key)=)[^&\s]+"
)


def _redact(_: Any, __: str, event: Any) -> Any:
    return {key: _hidden(value) for key, value in event.items()}


def _hidden(value: Any) -> Any:
    return _SECRET.sub(r"\1\2 [hidden]", value) if isinstance(value, str) else value


log: structlog.stdlib.BoundLogger = structlog.wrap_logger(
    logging.getLogger("phonofilm"),
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)
logging.getLogger("phonofilm").addHandler(logging.NullHandler())


def listen(path: Path | None, debug: bool) -> None:
    """Sends logs to a file, and with `debug` every call to standard error."""
    root = logging.getLogger("phonofilm")
    root.propagate = False
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            root.addHandler(logging.FileHandler(path, encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"The log {path} cannot be written: {error}.") from None
        root.setLevel(logging.INFO)
    if debug:
        root.addHandler(logging.StreamHandler())
        root.setLevel(logging.DEBUG)
