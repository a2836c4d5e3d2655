"""Addresses of PostgreSQL: read as libpq reads them, and shown or stored without secrets."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlencode

_SECRETS = ("password", "sslpassword", "passfile")


def parameters(url: str) -> dict[str, str]:
    """Return the connection parameters of a URL; none for one that libpq cannot read."""
    try:
        from psycopg import Error  # noqa: PLC0415 - an extra
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415
    except ImportError:
        return {}
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except Error:
        return {}


def without_secrets(url: str) -> str:
    """Return a URL without its secrets, complete enough to connect again."""
    public = {name: value for name, value in parameters(url).items() if name not in _SECRETS}
    return f"postgresql:///?{urlencode(public, quote_via=quote)}"


def display_url(url: str) -> str:
    """Return a URL as it may be shown: user, host, port and database."""
    values = parameters(url)
    if any("@" in values.get(name, "") for name in ("host", "port", "dbname")):
        return "postgresql://..."  # a password that was not escaped reaches into these
    user = values["user"] + "@" if "user" in values else ""
    port = ":" + values["port"] if "port" in values else ""
    return f"postgresql://{user}{values.get('host', '')}{port}/{values.get('dbname', '')}"


def redact(text: str, url: str) -> str:
    """Replace all parts of a message that may be the password of a URL.

    libpq repeats parts of a URL that it cannot read, so every piece between the user and the last
    `@` counts as a secret, in full and cut at the signs that end a part of a URL.
    """
    secrets = {value for name, value in parameters(url).items() if name in _SECRETS}
    login = url.partition("://")[2].rpartition("@")[0]
    password = login.partition(":")[2]
    secrets |= {password, unquote(password), *re.split(r"[@/#?]", password)}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 2:
            text = text.replace(secret, "***")
    return text
