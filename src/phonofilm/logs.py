"""Logs: silent until `listen` names a target, then JSON lines without secrets."""

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
_FILE, _STDERR = "phonofilm-file", "phonofilm-stderr"


def _redact(_: Any, __: str, event: Any) -> Any:
    return {
        key: without_secrets(value) if isinstance(value, str) else value
        for key, value in event.items()
    }


def without_secrets(text: str) -> str:
    """Replace tokens and keys in a text by `[hidden]`, wherever they are named as such."""
    return _SECRET.sub(r"\1\2 [hidden]", text)


log: structlog.stdlib.BoundLogger = structlog.wrap_logger(
    logging.getLogger("phonofilm"),
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
        # ASCII alone: nothing in a log can steer the terminal that shows it.
        structlog.processors.JSONRenderer(ensure_ascii=True),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)
logging.getLogger("phonofilm").addHandler(logging.NullHandler())


def listen(path: Path | None, debug: bool) -> None:
    """Append logs to a file, and with `debug` write every request to standard error, too.

    A later call replaces the target of an earlier one of the same kind, so that each event is
    written once however often commands run in one process. UsageError when the file cannot be
    written.
    """
    root = logging.getLogger("phonofilm")
    root.propagate = False
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace_handler(root, _FILE, logging.FileHandler(path, encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"The log {path} cannot be written: {error}.") from None
        root.setLevel(logging.INFO)
    if debug:
        _replace_handler(root, _STDERR, logging.StreamHandler())
        root.setLevel(logging.DEBUG)


def _replace_handler(root: logging.Logger, name: str, handler: logging.Handler) -> None:
    for earlier in [handler for handler in root.handlers if handler.get_name() == name]:
        root.removeHandler(earlier)
        earlier.close()
    handler.set_name(name)
    root.addHandler(handler)
