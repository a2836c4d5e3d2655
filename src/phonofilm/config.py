"""Typed settings: one TOML file, a `.env`, the environment; later ones win.

`PHONOFILM_SPOTIFY__CLIENT_ID` sets `client_id` in section `[spotify]`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from pydantic_settings import TomlConfigSettingsSource as Toml

from phonofilm.errors import ConfigurationError

FILE = "phonofilm.toml"
_KEY_BYTES = 32


class SourceSettings(BaseModel):
    """What an operator says of one source.

    `timeout_seconds`: the longest that one answer may take. `drift_share`: of what a call lists, so
    much may lack a promised field before the crawl ends with exit code 5. `token`: a key that is
    sent as it is; `refresh_token`, or `username` with `password`: how an own client id gets one
    where a source works so. `rate`: calls in a time (`10/1s`, `none`) instead of the source's own,
    for a mirror. `consent`: who allowed in writing that pages are read by a robot, and when.
    """

    model_config = ConfigDict(extra="forbid")

    accept_terms: bool = False
    basis: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    access: str = ""
    contact: str = ""
    base_url: str = ""
    token_url: str = ""
    timeout_seconds: float = Field(default=60.0, gt=0)
    drift_share: float = Field(default=0.5, gt=0, le=1)
    consent: str = ""
    rate: str = ""
    token: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    username: str = ""
    password: SecretStr = SecretStr("")


class Settings(BaseSettings):
    """All settings; `keep_names` keeps people's names instead of keyed hashes."""

    model_config = SettingsConfigDict(
        env_prefix="PHONOFILM_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        nested_model_default_partial_update=True,
    )

    data: Path = Path("data")
    keep_names: bool = False
    warehouse: SecretStr = SecretStr("")
    landing: str = ""
    deezer: SourceSettings = SourceSettings()
    spotify: SourceSettings = SourceSettings()
    imdb: SourceSettings = SourceSettings()
    wikidata: SourceSettings = SourceSettings()
    tmdb: SourceSettings = SourceSettings()
    musicbrainz: SourceSettings = SourceSettings()
    listenbrainz: SourceSettings = SourceSettings()
    reccobeats: SourceSettings = SourceSettings()
    itunes: SourceSettings = SourceSettings()
    jamendo: SourceSettings = SourceSettings()
    soundcloud: SourceSettings = SourceSettings()
    beatport: SourceSettings = SourceSettings()
    acousticbrainz: SourceSettings = SourceSettings()
    fma: SourceSettings = SourceSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before `.env` before the file."""
        return (init_settings, env_settings, dotenv_settings, Toml(settings_cls, _file()))

    def source(self, name: str) -> SourceSettings:
        """The section of a source."""
        held = getattr(self, name, None)
        return held if isinstance(held, SourceSettings) else SourceSettings()


def _file() -> Path:
    return Path(os.environ.get("PHONOFILM_CONFIG") or FILE)


def load_settings(config: Path | None = None) -> Settings:
    """Reads the settings; ConfigurationError names the place that is wrong."""
    if config is not None:
        if not config.is_file():
            raise ConfigurationError(f"There is no file {config}.", next_step="Check --config.")
        os.environ["PHONOFILM_CONFIG"] = str(config)
    try:
        _check_names()
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{_file()} is not TOML: {error}.") from None
    except (SettingsError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The settings cannot be read: {error}.",
            next_step=f"Correct {_file()}, .env or the environment; phonofilm doctor shows them.",
        ) from None
    except ValidationError as error:
        raise ConfigurationError(
            f"The settings are wrong: {_places(error)}.",
            next_step=f"Correct {_file()}, .env or the environment; phonofilm doctor shows them.",
        ) from None


def _check_names() -> None:
    """A misspelt name in the file is told: silently ignored, it costs an evening."""
    if not _file().is_file():
        return
    known = set(Settings.model_fields)
    for name in tomllib.loads(_file().read_text(encoding="utf-8")):
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise ConfigurationError(
                f"{_file()} sets {name!r}, which is no setting.",
                next_step=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.",
            )


def _places(error: ValidationError) -> str:
    rows: list[Any] = list(error.errors(include_input=False, include_url=False))
    return "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in rows)


def cache_folder() -> Path:
    """Where tokens live: the user's cache folder, never the data folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phonofilm"


def hash_key() -> bytes:
    """The key that personal names are hashed with; made once per user, mode 0600."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "phonofilm"
    path = folder / "names.key"
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be used: {error}.",
            next_step="People's names are hashed with it; make its folder writable.",
        ) from None
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"{path} is damaged.", next_step="Remove it; names are hashed anew from then on."
        )
    return key


def _make_key(path: Path) -> None:
    """Appears whole or not at all; when two processes make it, the first one's stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    growing = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
    with contextlib.suppress(FileExistsError):
        os.link(growing, path)
    growing.unlink()
