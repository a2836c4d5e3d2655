"""Typed settings: one TOML file, a `.env`, the environment; later ones win.

Every source has a section of its own: `[spotify]` in the file, `PHONOFILM_SPOTIFY__CLIENT_ID` for
its `client_id` in the environment. Sections follow from the registry of sources.
"""

from __future__ import annotations

import os
import secrets
import sys
import tomllib
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path, user_config_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from phonofilm.errors import ConfigurationError
from phonofilm.files import create_once, decode_text, expanded
from phonofilm.sources import source_names

FILE = "phonofilm.toml"
_APP = "phonofilm"
_KEY_BYTES = 32
_PREFIX = "phonofilm_"
_KEY_ADVICE = (
    "People's names are hashed with it, always with the same one. Set XDG_CONFIG_HOME to a folder"
    " that can be written and lasts."
)


class SourceSettings(BaseModel):
    """Settings of one source.

    `timeout_seconds`: the longest that one response may take. `drift_share`: share of listed items
    that may lack a promised field before the crawl ends with exit code 5. `token`: a key that is
    sent as it is; `refresh_token`, or `username` with `password`: how an own client id gets one
    where the source allows it. `rate`: requests in a time (`10/1s`, `none`) instead of the source's
    own limit, for a mirror. `consent`: who allowed in writing that a robot reads pages, and when.
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


_SECRET_KEYS = ("client_secret", "token", "refresh_token", "password", "client_id", "username")
_SECTION = FieldInfo(annotation=SourceSettings, default=None)


def _with_sections(env: EnvSettingsSource, values: dict[str, Any]) -> dict[str, Any]:
    """Add the sections of all sources to what an environment sets.

    SettingsError for odd JSON, ConfigurationError for a name that is no setting.
    """
    names = [name for name in env.env_vars if name.lower().startswith(_PREFIX)]
    for name in names:
        section = name[len(_PREFIX) :].partition("__")[0].lower()
        if section not in ("config", *_known_names()):
            raise _unknown_name("The environment or .env", name.upper(), section)
    for name in source_names():
        try:
            value, _, is_complex = env.get_field_value(_SECTION, name)
            section = env.prepare_field_value(name, _SECTION, value, is_complex)
        except ValueError as error:
            raise SettingsError(f"section {name} is no JSON ({error})") from error
        if section is not None:
            values[name] = section
    return values


class _Environment(EnvSettingsSource):
    def __call__(self) -> dict[str, Any]:
        return _with_sections(self, super().__call__())


class _DotEnv(DotEnvSettingsSource):
    def __call__(self) -> dict[str, Any]:
        return _with_sections(self, super().__call__())


class Settings(BaseSettings):
    """All settings. `sources` are the sections by source, `config` is the file they come from.

    `keep_names` keeps people's names instead of keyed hashes. A section may be passed by the name
    of its source: `Settings(spotify=SourceSettings(client_id="..."))`.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        nested_model_default_partial_update=True,
    )

    data: Path = Path("data")
    keep_names: bool = False
    warehouse: SecretStr = SecretStr("")
    landing: str = ""
    config: Path = Path(FILE)
    sources: dict[str, SourceSettings] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment before `.env` before the file."""
        environment, dotenv = _Environment(settings_cls), _DotEnv(settings_cls)
        file = expanded(init_settings().get("config") or _default_file())
        rows = _read_toml(file) if file.is_file() else {}
        return (init_settings, environment, dotenv, InitSettingsSource(settings_cls, rows))

    @model_validator(mode="before")
    @classmethod
    def _collect_sections(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Move the sections, which stand beside the other settings, into `sources`."""
        names = values.keys() & set(source_names()) - cls.model_fields.keys()
        sections = {name: values[name] for name in names}
        rest = {name: value for name, value in values.items() if name not in names}
        return {**rest, "sources": {**rest.get("sources", {}), **sections}}

    def source(self, name: str) -> SourceSettings:
        """Return the section of a source; its defaults when there is none."""
        return self.sources.get(name) or SourceSettings()


def _default_file() -> Path:
    return expanded(os.environ.get("PHONOFILM_CONFIG") or FILE)


def load_settings(config: Path | None = None) -> Settings:
    """Read the settings; ConfigurationError names the place that is wrong.

    `config` is the file, otherwise the one that PHONOFILM_CONFIG names, or `phonofilm.toml`.
    """
    config = None if config is None else expanded(config)
    if config is not None and not config.is_file():
        raise ConfigurationError(f"There is no file {config}.", next_step="Check --config.")
    file = config or _default_file()
    next_step = f"Correct {file}, .env or the environment; phonofilm doctor shows them."
    try:
        _check_names(file)
        settings = Settings(config=file)
        if config is None and "PHONOFILM_CONFIG" not in os.environ:
            _check_addresses(settings, file)
        return settings
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}.") from None
    except ValidationError as error:
        raise ConfigurationError(
            f"The settings are wrong: {_places(error)}.", next_step=next_step
        ) from None
    except (SettingsError, ValueError) as error:
        raise ConfigurationError(
            f"The settings cannot be read: {error}.", next_step=next_step
        ) from None


def _check_names(file: Path) -> None:
    """Refuse a misspelt name in the file: silently ignored, it costs an evening."""
    if not file.is_file():
        return
    known = _known_names()
    for name in _read_toml(file):
        if name not in known:
            raise _unknown_name(str(file), repr(name), name)


def _read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file, which Windows' editors begin with a mark. ValueError for anything else."""
    return tomllib.loads(decode_text(file.read_bytes()))


def _known_names() -> list[str]:
    settings = [name for name in Settings.model_fields if name not in ("config", "sources")]
    return [*settings, *source_names()]


def _unknown_name(where: str, shown: str, name: str) -> ConfigurationError:
    near = get_close_matches(name, _known_names(), 1)
    return ConfigurationError(
        f"{where} sets {shown}, which is no setting.",
        next_step=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(_known_names())}.",
    )


def _check_addresses(settings: Settings, file: Path) -> None:
    """Refuse to send secrets of the environment to an address that this folder names.

    `phonofilm.toml` and `.env` are read from the working folder, which may be a folder of somebody
    else. An address of the environment, or of a file that a person names, is trusted.
    """
    for name, environment in _Environment(Settings)().items():
        if name not in source_names() or not isinstance(environment, dict):
            continue
        secret = next((key for key in _SECRET_KEYS if environment.get(key)), "")
        for key in ("base_url", "token_url"):
            address = getattr(settings.source(name), key)
            if secret and address and environment.get(key) != address:
                raise ConfigurationError(
                    f"Cannot send {name}.{secret} of the environment to {address}: this folder's"
                    f" {file} or .env names the address.",
                    next_step=f"Name the file: --config {file}. Or set the address in the"
                    f" environment, too: PHONOFILM_{name.upper()}__{key.upper()}",
                )


def _places(error: ValidationError) -> str:
    """List the wrong settings, each named as in the file: `spotify.timeout_seconds`."""
    rows: list[Any] = list(error.errors(include_input=False, include_url=False))
    names = (".".join(map(str, row["loc"])).removeprefix("sources.") for row in rows)
    return "; ".join(f"{name}: {row['msg']}" for name, row in zip(names, rows, strict=True))


def cache_folder() -> Path | None:
    """Return the folder of tokens: the user's cache folder, never the data folder.

    None for a user without a home folder, such as an unknown uid in a container.
    """
    return _user_folder(user_cache_path)


def _user_folder(find: Callable[..., Path]) -> Path | None:
    """Return a folder of this user for us; None for a user without a home folder."""
    try:
        path = find(_APP, appauthor=False)
    except RuntimeError:  # platformdirs since 2026; before that a path that begins with ~
        return None
    return path if path.is_absolute() else None


def _key_path() -> Path:
    """Return the path of the key.

    Versions before platformdirs used ~/.config everywhere; a key that stands there on macOS or
    Windows stays in use, because with another key no earlier hash could be found again.
    """
    folder = _user_folder(user_config_path)
    if folder is None:
        raise ConfigurationError(
            "Cannot make the key of the name hashes: this user has no home folder.",
            next_step=_KEY_ADVICE,
        )
    path = folder / "names.key"
    if sys.platform == "linux" or path.exists():
        return path
    earlier = Path.home() / ".config" / _APP / "names.key"
    return earlier if earlier.exists() else path


def other_hash_keys() -> Iterator[bytes]:
    """Yield the keys of other users that were copied next to this user's: `*.key` files."""
    path = _key_path()
    for other in sorted(path.parent.glob("*.key")):
        if other != path and other.stat().st_size == _KEY_BYTES:
            yield other.read_bytes()


def hash_key() -> bytes:
    """Return the key that personal names are hashed with; made once per user, mode 0600."""
    path = _key_path()
    try:
        if not path.exists():
            create_once(path, secrets.token_bytes(_KEY_BYTES), mode=0o600)
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"Cannot read or write {path}: {error.strerror or error}.", next_step=_KEY_ADVICE
        ) from None
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"{path} is damaged.", next_step="Remove it; names are hashed anew from then on."
        )
    return key
