"""Settings: where they come from, which one wins, what a wrong one says."""

from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path

import pytest

import phonofilm
from phonofilm.cli.options import open_workspace
from phonofilm.config import Settings, SourceSettings, cache_folder, hash_key, load_settings
from phonofilm.errors import ConfigurationError
from phonofilm.sources import source_names


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without settings; nothing of the user's environment counts."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PHONOFILM_")]:
        monkeypatch.delenv(name)


def test_every_source_has_a_section_without_a_line_in_the_settings() -> None:
    text = "".join(f'[{name}]\ncontact = "{name}@example.org"\n' for name in source_names())
    Path("phonofilm.toml").write_text(text)
    settings = load_settings()
    assert settings.sources.keys() == set(source_names())
    for name in source_names():
        assert settings.source(name).contact == f"{name}@example.org"
    assert Settings().source("none of them") == SourceSettings()


def test_the_environment_wins_over_the_env_file_and_that_over_the_toml_file(monkeypatch) -> None:
    Path("phonofilm.toml").write_text(
        'landing = "file"\n[spotify]\nclient_id = "file"\nbasis = "file"\naccess = "file"\n'
    )
    Path(".env").write_text(
        "PHONOFILM_LANDING=dotenv\nPHONOFILM_SPOTIFY__CLIENT_ID=dotenv\n"
        "PHONOFILM_SPOTIFY__BASIS=dotenv\n"
    )
    monkeypatch.setenv("PHONOFILM_SPOTIFY__CLIENT_ID", "environment")
    settings = load_settings()
    own = settings.source("spotify")
    assert settings.landing == "dotenv"
    assert (own.client_id, own.basis, own.access) == ("environment", "dotenv", "file")


def test_a_whole_section_may_be_json_in_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("PHONOFILM_BEATPORT", '{"rate": "1/2s", "contact": "a"}')
    monkeypatch.setenv("PHONOFILM_BEATPORT__CONTACT", "b")
    own = load_settings().source("beatport")
    assert (own.rate, own.contact) == ("1/2s", "b")


def test_a_section_may_be_passed_by_the_name_of_its_source() -> None:
    assert Settings(spotify=SourceSettings(client_id="x")).source("spotify").client_id == "x"
    assert Settings(spotify={"client_id": "x"}).source("spotify").client_id == "x"


def test_a_named_file_is_read_and_the_environment_stays_as_it_was(monkeypatch) -> None:
    Path("other.toml").write_text('landing = "other"\n')
    Path("third.toml").write_text('landing = "third"\n')
    assert load_settings(Path("other.toml")).landing == "other"
    assert "PHONOFILM_CONFIG" not in os.environ
    assert load_settings().landing == ""
    monkeypatch.setenv("PHONOFILM_CONFIG", "third.toml")
    assert load_settings().landing == "third"
    named = load_settings(Path("other.toml"))
    assert (named.landing, named.config) == ("other", Path("other.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[spotfy]\n", "Did you mean spotify"),
        ("keep_name = true\n", "Did you mean keep_names"),
        ("[sources.spotify]\n", "Known: data, keep_names"),
        ('config = "x"\n', "which is no setting"),
        ("[deezer]\ntimeout_seconds = 0\n", "deezer.timeout_seconds: Input should be greater"),
        ("[deezer]\nsecret = 1\n", "deezer.secret: Extra inputs are not permitted"),
        ("[deezer\n", "phonofilm.toml is not TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_in_it(text: str, message: str) -> None:
    Path("phonofilm.toml").write_text(text)
    with pytest.raises(ConfigurationError) as wrong:
        load_settings()
    assert message in f"{wrong.value.happened} {wrong.value.next_step}"


def test_odd_json_in_the_environment_names_its_section(monkeypatch) -> None:
    monkeypatch.setenv("PHONOFILM_SPOTIFY", "abc")
    with pytest.raises(ConfigurationError, match="section spotify is no JSON"):
        load_settings()


def test_a_file_that_is_not_there_is_not_passed_over() -> None:
    with pytest.raises(ConfigurationError, match=r"There is no file none\.toml"):
        load_settings(Path("none.toml"))


def test_caches_and_keys_stand_in_the_users_folders(tmp_path: Path, monkeypatch) -> None:
    assert cache_folder() == tmp_path / "cache" / "phonofilm"
    hash_key()
    path = tmp_path / "config" / "phonofilm" / "names.key"
    assert path.stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "phonofilm"


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        keys = {bytes(key) for key in pool.starmap(hash_key, [()] * 8)}
    assert keys == {hash_key()}
    assert [path.name for path in (tmp_path / "config" / "phonofilm").iterdir()] == ["names.key"]


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "config" / "phonofilm" / "names.key"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="is damaged"):
        hash_key()


def test_a_mark_before_a_file_of_windows_is_no_part_of_it() -> None:
    Path("phonofilm.toml").write_bytes(
        'landing = "é"\n[deezer]\nrate = "1/2s"\n'.encode("utf-8-sig")
    )
    settings = load_settings()
    assert (settings.landing, settings.source("deezer").rate) == ("é", "1/2s")


@pytest.mark.parametrize("place", ["environment", ".env"])
@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("PHONOFILM_TMBD__TOKEN", "tmdb"),
        ("PHONOFILM_LANDIG", "landing"),
        ("PHONOFILM_XYZ", "Known"),
    ],
)
def test_a_misspelt_name_is_told_wherever_it_stands(monkeypatch, place, name, advice) -> None:
    if place == ".env":
        Path(".env").write_text(f"{name}=x\nOTHER=y\n")
    else:
        monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigurationError, match=name) as wrong:
        load_settings()
    assert advice in wrong.value.next_step


def test_a_tilde_is_the_home_folder_in_settings_options_and_python(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("phonofilm.toml").write_text('data = "~/films"\n')
    assert open_workspace(None).root == tmp_path / "films"
    assert open_workspace(Path("~/other")).root == tmp_path / "other"
    assert phonofilm.open("~/notebook").folder.root == tmp_path / "notebook"
    (tmp_path / "third.toml").write_text('landing = "third"\n')
    assert load_settings(Path("~/third.toml")).landing == "third"
    monkeypatch.setenv("PHONOFILM_CONFIG", "~/third.toml")
    assert load_settings().landing == "third"


FILES_OF_A_FOLDER = {
    "phonofilm.toml": '[{source}]\n{key} = "https://evil.example"\n',
    ".env": "PHONOFILM_{SOURCE}__{KEY}=https://evil.example\n",
}


class TestAddressesOfAFolder:
    """A folder of somebody else may hold a phonofilm.toml and a .env that lead secrets away."""

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def write(self, folder: Path, file: str, source: str, key: str) -> None:
        text = FILES_OF_A_FOLDER[file].format(
            source=source, SOURCE=source.upper(), key=key, KEY=key.upper()
        )
        (folder / file).write_text(text)

    @pytest.mark.parametrize("source", source_names())
    @pytest.mark.parametrize("key", ["base_url", "token_url"])
    @pytest.mark.parametrize("file", FILES_OF_A_FOLDER)
    def test_get_no_secret_of_the_environment(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, source: str, key: str, file: str
    ) -> None:
        self.write(folder, file, source, key)
        monkeypatch.setenv(f"PHONOFILM_{source.upper()}__TOKEN", "of-the-environment")
        with pytest.raises(ConfigurationError, match=r"evil\.example") as caught:
            load_settings()
        assert "of-the-environment" not in str(caught.value)

    def test_get_the_secrets_of_the_folder_itself(self, folder: Path) -> None:
        (folder / "phonofilm.toml").write_text(
            '[spotify]\nbase_url = "https://mirror.example"\ntoken = "of the folder"\n'
        )
        assert load_settings().source("spotify").base_url == "https://mirror.example"

    def test_are_trusted_where_a_person_names_them(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.write(folder, "phonofilm.toml", "spotify", "base_url")
        monkeypatch.setenv("PHONOFILM_SPOTIFY__TOKEN", "of-the-environment")
        assert load_settings(Path("phonofilm.toml")).source("spotify").base_url
        monkeypatch.setenv("PHONOFILM_SPOTIFY__BASE_URL", "https://evil.example")
        assert load_settings().source("spotify").base_url
