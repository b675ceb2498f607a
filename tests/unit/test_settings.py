"""Settings: where they come from, which wins, and what is said of one that is wrong."""

import os
from pathlib import Path
from typing import Any

import pytest

from flows.errors import UsageError
from flows.settings import PROJECT_DIR, Paths, Settings, load_settings, quiet_environment


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a settings file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert settings.data == PROJECT_DIR / "data"
    assert settings.landing_dir == PROJECT_DIR / "data" / "landing"
    assert settings.force == "City of London Police"
    assert (settings.keep_releases, settings.folder_forces, settings.alerts.urls) == (5, {}, [])
    assert (settings.memory_limit, settings.threads) == (None, None)


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "safercity.toml").write_text('force = "File"\nkeep_releases = 7\nthreads = 1\n', encoding="utf-8")
    assert (load_settings().force, load_settings().keep_releases) == ("File", 7)
    monkeypatch.setenv("SAFERCITY_FORCE", "Environment")
    monkeypatch.setenv("SAFERCITY_KEEP_RELEASES", "8")
    settings = load_settings(force="Command line", landing=None)
    assert (settings.force, settings.keep_releases, settings.threads) == ("Command line", 8, 1)


def test_nested_settings_can_be_given_in_either_place(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "safercity.toml").write_text(
        '[alerts]\nurls = ["json://one"]\n\n[folder_forces]\nkent = "Kent Police"\n', encoding="utf-8"
    )
    assert load_settings().alerts.urls == ["json://one"]
    assert load_settings().folder_forces == {"kent": "Kent Police"}
    monkeypatch.setenv("SAFERCITY_ALERTS__URLS", '["json://two", "json://three"]')
    assert load_settings().alerts.urls == ["json://two", "json://three"]


def test_paths_are_taken_from_the_working_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFERCITY_DATA", "my data")
    settings = load_settings()
    assert (settings.data, settings.landing_dir) == (here / "my data", here / "my data" / "landing")
    monkeypatch.setenv("SAFERCITY_LANDING", "../landing")
    monkeypatch.setenv("HOME", str(here))
    settings = load_settings(data=Path("~/elsewhere"))
    assert settings.data == here / "elsewhere"
    assert settings.landing_dir == here / "../landing"


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("SAFERCITY_KEEP_RELEASES", "0", "keep_releases"),
        ("SAFERCITY_KEEP_RELEASES", "many", "keep_releases"),
        ("SAFERCITY_THREADS", "0", "threads"),
        ("SAFERCITY_MEMORY_LIMIT", "lots", "memory_limit"),
        ("SAFERCITY_MEMORY_LIMIT", "'; drop table x; --", "memory_limit"),
        ("SAFERCITY_ALERTS__URLS", "json://user:SECRET@here", "alerts"),
        ("SAFERCITY_ALERTS__URLS", '{"url": "json://user:SECRET@here"}', "alerts"),
        ("SAFERCITY_ALERTS__URL", '["json://user:SECRET@here"]', "alerts"),
        ("SAFERCITY_FOLDER_FORCES", "kent", "folder_forces"),
    ],
)
def test_a_wrong_variable_is_named_and_not_quoted(
    variable: str, value: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError) as raised:
        load_settings()
    told = str(raised.value)
    assert named in told
    assert "SECRET" not in told
    assert "safercity.toml cannot be read" not in told
    assert "\n" not in told


@pytest.mark.parametrize("content", ["colour = 'red'", "[alerts]\nemail = 'SECRET'", "threads = 'SECRET'"])
def test_a_wrong_setting_in_the_file(content: str, here: Path) -> None:
    (here / "safercity.toml").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="a setting is wrong") as raised:
        load_settings()
    assert content.partition(" =")[0].rpartition("\n")[2] in str(raised.value)
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize("content", [b"force = ", b"force", b"\xff\xfe"])
def test_a_file_that_is_no_toml(content: bytes, here: Path) -> None:
    (here / "safercity.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"safercity\.toml cannot be read") as raised:
        load_settings()
    assert "\n" not in str(raised.value)


def test_the_key_for_references_to_people_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().hmac_key_bytes is None
    monkeypatch.setenv("SAFERCITY_HMAC_KEY", "SECRET é")
    settings = load_settings()
    assert settings.hmac_key_bytes == "SECRET é".encode()
    assert "SECRET" not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_an_empty_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFERCITY_HMAC_KEY", "")
    with pytest.raises(UsageError, match="hmac_key"):
        load_settings()


def test_the_key_is_not_taken_from_a_file(here: Path) -> None:
    (here / "safercity.toml").write_text('hmac_key = "SECRET"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="set SAFERCITY_HMAC_KEY instead") as raised:
        load_settings()
    assert "SECRET" not in str(raised.value)


def test_two_settings_that_are_wrong_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFERCITY_THREADS", "0")
    monkeypatch.setenv("SAFERCITY_KEEP_RELEASES", "0")
    with pytest.raises(UsageError) as raised:
        load_settings()
    assert "threads" in str(raised.value)
    assert "keep_releases" in str(raised.value)


def test_all_data_lies_below_one_folder(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    places: dict[str, Any] = {name: place for name, place in vars(paths).items() if isinstance(place, Path)}
    assert len(places) > 10
    assert all(place.is_relative_to(tmp_path / "data") for place in places.values())
    paths.make()
    paths.make()
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"landing", "warehouse", "releases", "published"}


def test_nothing_calls_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where somebody has switched it on."""
    switches = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
    }
    for name in switches:
        monkeypatch.setenv(name, "on")
    quiet_environment()
    assert {name: os.environ[name] for name in switches} == switches


def test_the_options_of_duckdb_follow_the_settings(tmp_path: Path) -> None:
    options = Settings(data=tmp_path, memory_limit="2GB", threads=3).duckdb_options()
    assert (options["memory_limit"], options["threads"]) == ("2GB", 3)
    assert Path(str(options["temp_directory"])).is_relative_to(tmp_path)
