"""Settings: defaults that work out of the box, `safercity.toml`, then `SAFERCITY_*` variables, in rising order.

A nested setting is written with two underscores in the environment: `SAFERCITY_ALERTS__URLS='["mailto://…"]'`.
"""

from __future__ import annotations

import os
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from flows.errors import UsageError

PROJECT_DIR = Path(__file__).resolve().parents[1]
SETTINGS_FILE = "safercity.toml"


class Channels(BaseModel):
    """The channels of one owner."""

    model_config = ConfigDict(extra="forbid")

    urls: list[str] = Field(description="Apprise URLs")


class Alerts(BaseModel):
    """Who is told what, where and when."""

    model_config = ConfigDict(extra="forbid")

    urls: list[str] = Field(default_factory=list, description="Apprise URLs to which everything goes")
    owners: dict[str, Channels] = Field(
        default_factory=dict, description="Owner, as the contracts and rules name them → channels for what is theirs"
    )
    escalate_to: list[str] = Field(
        default_factory=list, description="Apprise URLs for serious problems that have grown too old"
    )
    escalate_after_days: int = Field(
        default=14, ge=1, description="After how many days a serious problem is too old; a contract may say otherwise"
    )
    repeat_after_days: int = Field(
        default=7, ge=1, description="After how many days a problem that goes on is told again"
    )
    quiet_hours: str | None = Field(
        default=None,
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description="When only critical things are told, London time, such as 22:00-07:00",
    )
    disk_nearly_full_percent: float = Field(
        default=95, gt=0, le=100, description="How much of the disk may be used before it is told"
    )
    least_free_mb: int = Field(default=512, ge=0, description="How many MB must be left before it is told")
    run_every_hours: float | None = Field(
        default=None, gt=0, description="How often a run is due; one that has not started is told"
    )

    def is_quiet(self, at: time) -> bool:
        """Whether a London time of day lies in the quiet hours; their end does not."""
        if self.quiet_hours is None:
            return False
        begins, ends = (time.fromisoformat(part) for part in self.quiet_hours.split("-"))
        return begins <= at < ends if begins <= ends else at >= begins or at < ends


class Fetch(BaseModel):
    """Where archives of open data are fetched from, and how patiently."""

    model_config = ConfigDict(extra="forbid")

    base_url: str = Field(
        default="https://data.police.uk/data/archive",
        pattern=r"^https?://[^\s/]",
        description="What stands before the name of an archive, YYYY-MM.zip",
    )
    every_month: bool = Field(
        default=False, description="Whether `safercity serve` fetches new archives on the 5th of each month"
    )
    pause_seconds: float = Field(default=1, ge=0, description="Least time between the beginnings of two requests")
    mb_per_second: float | None = Field(
        default=None, gt=0, description="Most MB a second; default as fast as they come"
    )
    tries: int = Field(default=6, ge=1, description="Tries without progress after which an archive is given up")
    connect_seconds: float = Field(default=20, gt=0, description="How long to wait for a connection")
    silence_seconds: float = Field(default=60, gt=0, description="How long a server may send nothing, or next to it")
    longest_wait_seconds: float = Field(
        default=600, ge=0, description="Longest wait that a server may ask for before it is given up for this time"
    )


class Settings(BaseSettings):
    """Everything that can be configured. Paths that are not absolute are taken from the working folder."""

    model_config = SettingsConfigDict(
        env_prefix="SAFERCITY_", env_nested_delimiter="__", extra="forbid", toml_file=SETTINGS_FILE
    )

    data: Path = Field(default=PROJECT_DIR / "data", description="Folder that holds all data")
    landing: Path | None = Field(
        default=None, description="Folder that deliveries are dropped in; default data/landing"
    )
    landing_url: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Folder elsewhere, any URL of fsspec, that is copied before a run; not where landing is set",
    )
    force: str = Field(default="City of London Police", description="Force of deliveries that do not name one")
    folder_forces: dict[str, str] = Field(
        default_factory=dict, description="Landing subfolder → force, where several forces deliver to one landing"
    )
    keep_releases: int = Field(default=5, ge=1, description="How many releases stay on disk")
    memory_limit: str | None = Field(
        default=None,
        pattern=r"^\d+(\.\d+)? ?([KMGT]i?B|%)$",
        description="DuckDB memory limit, such as 2GB; default 80 % of memory",
    )
    threads: int | None = Field(default=None, ge=1, description="DuckDB threads; default all cores")
    hmac_key: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Key by which references to people are replaced; from the environment only, never from a file",
    )
    alerts: Alerts = Field(default_factory=Alerts)
    fetch: Fetch = Field(default_factory=Fetch)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line first, then environment, then `safercity.toml`.

        Raises ValueError for a key in `safercity.toml`, which may lie beside the data.
        """
        file_settings = TomlConfigSettingsSource(settings_cls)
        if "hmac_key" in file_settings.toml_data:
            raise ValueError("a key is not kept in a file: remove hmac_key and set SAFERCITY_HMAC_KEY instead")
        return init_settings, env_settings, file_settings

    def model_post_init(self, context: Any, /) -> None:
        """Make the paths absolute, once."""
        self.data = self.data.expanduser().absolute()
        if self.landing is not None:
            self.landing_url = None
        own = self.paths.landing_mirror if self.landing_url else self.paths.landing
        self.landing = (self.landing or own).expanduser().absolute()

    @cached_property
    def paths(self) -> Paths:
        """Where everything lies."""
        return Paths(self.data)

    @property
    def landing_dir(self) -> Path:
        """The folder that deliveries are dropped in."""
        assert self.landing is not None
        return self.landing

    @property
    def hmac_key_bytes(self) -> bytes | None:
        """The key by which references to people are replaced."""
        return self.hmac_key.get_secret_value().encode() if self.hmac_key else None

    def duckdb_options(self) -> dict[str, str | int]:
        """DuckDB options that keep a connection within the configured memory and threads, and spill below the data."""
        return {
            "temp_directory": str(self.paths.spill),
            "memory_limit": self.memory_limit or "80%",
            "threads": self.threads or os.cpu_count() or 1,
        }


class Paths:
    """The layout below the data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.landing = data / "landing"
        self.landing_mirror = data / "landing-mirror"
        self.warehouse_dir = data / "warehouse"
        self.warehouse = self.warehouse_dir / "warehouse.duckdb"
        self.lock = self.warehouse_dir / "warehouse.lock"
        self.scratch = self.warehouse_dir / "scratch"
        self.spill = self.warehouse_dir / "spill"
        self.dbt_target = self.warehouse_dir / "dbt"
        self.prefect = self.warehouse_dir / "prefect"
        self.releases = data / "releases"
        self.building = self.releases / ".building"
        self.published = data / "published"
        self.current = self.published / "current"
        self.published_database = self.published / "safer_city.duckdb"
        self.audit_log = data / "audit" / "audit.jsonl"

    def make(self) -> None:
        """Make the folders that a run writes to."""
        for folder in (self.landing, self.warehouse_dir, self.releases, self.published):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(
                    f"the data folder {self.data} cannot be used ({error.strerror}); set SAFERCITY_DATA to another one"
                ) from None


def load_settings(**given: Any) -> Settings:
    """The settings, with what the command line gives on top.

    Raises UsageError naming each setting that is wrong.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise UsageError(f"a setting is wrong (see {SETTINGS_FILE} and SAFERCITY_* variables): {wrong}") from None
    except SettingsError as error:
        # Its text names the field; the text of what caused it may quote a value, and is left out.
        raise UsageError(f"a setting is wrong: {error}; it is written as JSON, see docs/operating.md") from None
    except ValueError as error:
        raise UsageError(f"{SETTINGS_FILE} cannot be read: {' '.join(str(error).split())}") from None


def quiet_environment() -> None:
    """Switch off every call home of the libraries, before any of them is imported."""
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DBT_VERSION_CHECK"] = "false"
