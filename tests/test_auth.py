"""How sources recognise who sends a request: credentials, what is missing, tokens on disk."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from pydantic import SecretStr

from phonofilm.config import SourceSettings
from phonofilm.errors import ConfigurationError, StoreError
from phonofilm.net.auth.authenticator import StaticHeaders, authenticator
from phonofilm.net.auth.client_token import ClientToken
from phonofilm.net.auth.credentials import (
    ClientCredentials,
    KeyParameter,
    StaticToken,
    UserGrant,
    credentials_of,
    missing_credential,
    sandbox_credentials,
)
from phonofilm.net.auth.token_file import StoredToken, TokenFile
from phonofilm.net.auth.user_token import UserToken
from phonofilm.net.clock import Clock
from phonofilm.net.origin.origin import Origin
from phonofilm.net.transport import Transport
from phonofilm.runtime.event_loop import run
from phonofilm.sources import get, source_names
from phonofilm.sources.manifest import Auth

SECRET = "s3cret-value"
ALL_SETTINGS = SourceSettings(
    client_id="an-id",
    client_secret=SecretStr(SECRET),
    token=SecretStr(SECRET),
    refresh_token=SecretStr(SECRET),
    username="me",
    password=SecretStr(SECRET),
    contact="me@example.org",
)
# Kind of credentials, variables that an error names, authenticator.
BY_KIND = {
    "none": (type(None), "", StaticHeaders),
    "token": (StaticToken, "__TOKEN", StaticHeaders),
    "key_parameter": (KeyParameter, "__CLIENT_ID", StaticHeaders),
    "client_credentials": (ClientCredentials, "__CLIENT_SECRET", ClientToken),
    "user_token": (UserGrant, "__TOKEN, or CLIENT_ID with REFRESH_TOKEN", UserToken),
}


@pytest.mark.parametrize("name", source_names())
def test_every_source_has_credentials_of_its_kind_and_an_authenticator(name: str) -> None:
    manifest = get(name).manifest
    credentials = credentials_of(manifest, ALL_SETTINGS)
    kind, _, signer = BY_KIND[manifest.auth.kind]
    assert isinstance(credentials, kind)
    assert isinstance(authenticator(credentials, Transport("http://127.0.0.1:1")), signer)
    assert SECRET not in repr(credentials)


@pytest.mark.parametrize("name", source_names())
def test_a_missing_credential_is_named_with_its_variables(name: str) -> None:
    manifest = get(name).manifest
    missing = missing_credential(manifest.auth, SourceSettings())
    assert (missing is not None) is manifest.auth.needs_key
    if missing is not None:
        with pytest.raises(ConfigurationError) as raised:
            credentials_of(manifest, SourceSettings())
        variables = BY_KIND[manifest.auth.kind][1]
        assert f"PHONOFILM_{name.upper()}{variables}" in raised.value.next_step
        assert manifest.title in raised.value.happened


@pytest.mark.parametrize("name", source_names())
def test_a_sandbox_is_never_sent_a_configured_credential(name: str) -> None:
    credentials = sandbox_credentials(get(name).manifest.auth, "http://127.0.0.1:1")
    values = msgspec.to_builtins(credentials) or {}
    assert "sandbox" in json.dumps(values) or not values
    assert SECRET not in json.dumps(values)


def test_an_optional_token_is_sent_where_there_is_one() -> None:
    manifest = get("listenbrainz").manifest
    assert credentials_of(manifest, SourceSettings()) is None
    token = credentials_of(manifest, SourceSettings(token=SecretStr("t0ken")))
    assert token == StaticToken(authorization="Token t0ken")


def test_an_own_token_serves_where_no_client_id_leads_to_one() -> None:
    manifest = get("beatport").manifest
    own = SourceSettings(token=SecretStr("t0ken"), client_id="an-id")
    assert credentials_of(manifest, own) == StaticToken(authorization="Bearer t0ken")
    grant = credentials_of(manifest, ALL_SETTINGS)
    assert isinstance(grant, UserGrant)
    assert (grant.path, grant.username, grant.token) == ("/v4/auth", "me", SECRET)


def test_a_key_parameter_goes_with_the_requests_and_with_nothing_else() -> None:
    key = KeyParameter(name="client_id", value="an-id")
    origin = Origin(name="x", base_url="http://x", access="", clock=Clock(), credentials=key)
    assert origin.key == {"client_id": "an-id"}
    headers = run(origin.authenticator(Transport("http://127.0.0.1:1")).headers())
    assert headers == {}


@pytest.mark.parametrize(
    "table", [{"kind": "client_credentials"}, {"kind": "user_token"}, {"kind": "key_parameter"}]
)
def test_a_table_that_lacks_its_address_or_parameter_is_no_manifest(table: dict) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, Auth)


class TestTokenFile:
    def test_a_token_is_for_its_user_alone_and_comes_back(self, tmp_path: Path) -> None:
        file = TokenFile(tmp_path / "cache", "server|client")
        assert file.read() is None
        stored = StoredToken(token="t", expires=5.0, refresh="r", asked=[1.0])
        file.write(stored)
        [path] = (tmp_path / "cache").iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        assert TokenFile(tmp_path / "cache", "server|client").read() == stored
        assert TokenFile(tmp_path / "cache", "server|another").read() is None
        assert "t" not in repr(stored).removeprefix("StoredToken")

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"token": 1}', b"\xff\xfe", b"null"])
    def test_a_damaged_file_is_as_good_as_none(self, tmp_path: Path, body: bytes) -> None:
        file = TokenFile(tmp_path, "x")
        file.write(StoredToken(token="t"))
        [path] = tmp_path.iterdir()
        path.write_bytes(body)
        assert file.read() is None

    def test_files_of_earlier_versions_are_read(self, tmp_path: Path) -> None:
        """Client tokens had `asked`, user tokens `refresh`; each lacked the other."""
        file = TokenFile(tmp_path, "x")
        file.write(StoredToken())
        [path] = tmp_path.iterdir()
        path.write_text('{"token": "t", "expires": 5, "asked": [1, 2.5]}')
        assert file.read() == StoredToken(token="t", expires=5.0, asked=[1.0, 2.5])
        path.write_text('{"token": "t", "refresh": "r", "expires": 5.5}')
        assert file.read() == StoredToken(token="t", expires=5.5, refresh="r")

    def test_without_a_cache_folder_nothing_is_written(self) -> None:
        TokenFile(None, "x").write(StoredToken(token="t"))
        assert TokenFile(None, "x").read() is None

    def test_a_cache_that_cannot_be_written_is_an_error_with_its_place(self, tmp_path) -> None:
        (tmp_path / "cache").write_text("a file, no folder")
        with pytest.raises(StoreError, match="cache"):
            TokenFile(tmp_path / "cache" / "deeper", "x").write(StoredToken(token="t"))
