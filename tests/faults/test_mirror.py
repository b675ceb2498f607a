"""A landing folder elsewhere: what is new in it is copied, whole or not at all, also where its file system fails."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from flows import runs
from flows.errors import SaferCityError, UsageError
from flows.operate.mirror import Mirrored, mirror, shown, version
from flows.settings import Settings
from tests.faults import street
from tests.faults.sandbox import Sandbox

STREET = "2019-03/2019-03-city-of-london-street.csv"


class FailingFileSystem(MemoryFileSystem):
    """Files in memory, of which some cannot be had: `faults` are raised in turn, by whatever is asked first."""

    protocol = "failing"
    store: ClassVar[dict[str, Any]] = {}  # pyright: ignore[reportIncompatibleVariableOverride]  (it is the class's)
    pseudo_dirs: ClassVar[list[str]] = [""]
    faults: ClassVar[list[Exception]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace("failing://", "memory://"))

    def find(self, *args: Any, **kwargs: Any) -> Any:
        if self.faults:
            raise self.faults.pop(0)
        return super().find(*args, **kwargs)

    def get_file(self, *args: Any, **kwargs: Any) -> None:
        Path(args[1]).write_bytes(b"half of")
        if self.faults:
            raise self.faults.pop(0)
        super().get_file(*args, **kwargs)


class Elsewhere:
    """A folder elsewhere, and the settings of a run that copies from it."""

    def __init__(self, url: str, data: Path) -> None:
        self.url = url
        self.fs, self.root = fsspec.core.url_to_fs(url)
        self.settings = Settings(data=data, landing_url=url)  # pyright: ignore[reportArgumentType]
        self.slept: list[float] = []

    def put(self, name: str, content: bytes) -> None:
        """Put a file there."""
        path = f"{self.root}/{name}"
        self.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.fs.pipe_file(path, content)

    def mirror(self, meanwhile: Callable[[], object] = lambda: None) -> Mirrored:
        """Copy what is new; `meanwhile` happens while it is seen whether files keep still."""

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            meanwhile()

        return mirror(self.settings, sleep)

    @property
    def files(self) -> dict[str, bytes]:
        """What the copy holds but for what is hidden."""
        folder = self.settings.landing_dir
        found = (path for path in folder.rglob("*") if path.is_file())
        names = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
        return {name: content for name, content in names.items() if not name.startswith(".")}


@pytest.fixture(params=["memory", "file"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Elsewhere]:
    """A folder with one file, in memory and on disk."""
    where = Elsewhere({"memory": "memory://drop/force", "file": f"file://{tmp_path}/drop"}[request.param], tmp_path)
    where.put(STREET, b"first")
    yield where
    MemoryFileSystem.store.clear()


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Elsewhere]:
    """The same on a file system that fails."""
    fsspec.register_implementation("failing", FailingFileSystem, clobber=True)
    where = Elsewhere("failing://somebody:secret@drop", tmp_path)
    where.put(STREET, b"first")
    yield where
    FailingFileSystem.store.clear()
    FailingFileSystem.faults.clear()


def test_what_is_new_or_changed_is_copied_once(elsewhere: Elsewhere) -> None:
    assert elsewhere.settings.landing_dir == elsewhere.settings.data / "landing-mirror"
    assert elsewhere.mirror() == Mirrored(copied=[STREET])
    assert elsewhere.slept == [1.0]
    elsewhere.put("crimes_2019-04-01.csv", b"second")
    assert elsewhere.mirror() == Mirrored(copied=["crimes_2019-04-01.csv"])
    kept = (elsewhere.settings.landing_dir / STREET).stat()
    assert elsewhere.mirror() == Mirrored()
    assert elsewhere.slept == [1.0, 1.0]
    assert (elsewhere.settings.landing_dir / STREET).stat() == kept
    elsewhere.put(STREET, b"other")
    assert elsewhere.mirror() == Mirrored(copied=[STREET])
    assert elsewhere.files == {STREET: b"other", "crimes_2019-04-01.csv": b"second"}


def test_what_goes_away_there_stays_here(elsewhere: Elsewhere) -> None:
    elsewhere.put("later.csv", b"second")
    elsewhere.mirror()
    elsewhere.fs.rm(f"{elsewhere.root}/later.csv")
    assert elsewhere.mirror() == Mirrored()
    assert elsewhere.files == {STREET: b"first", "later.csv": b"second"}


def test_what_went_away_here_is_copied_again(elsewhere: Elsewhere) -> None:
    elsewhere.mirror()
    (elsewhere.settings.landing_dir / STREET).unlink()
    assert elsewhere.mirror() == Mirrored(copied=[STREET])


@pytest.mark.parametrize("later", [b"half and half", b"fuul"], ids=["longer", "as long"])
def test_a_file_that_still_changes_waits_for_the_next_run(elsewhere: Elsewhere, later: bytes) -> None:
    elsewhere.put("crimes_2019-04-01.csv", b"half")

    def change() -> None:
        elsewhere.put("crimes_2019-04-01.csv", later)

    assert elsewhere.mirror(change) == Mirrored(copied=[STREET], waiting=["crimes_2019-04-01.csv"])
    assert elsewhere.files == {STREET: b"first"}
    assert elsewhere.mirror() == Mirrored(copied=["crimes_2019-04-01.csv"])


def test_a_file_that_goes_before_it_is_copied_is_left(elsewhere: Elsewhere) -> None:
    assert elsewhere.mirror(lambda: elsewhere.fs.rm(f"{elsewhere.root}/{STREET}")).waiting == [STREET]
    assert elsewhere.files == {}


def test_what_a_run_would_leave_alone_is_not_copied(elsewhere: Elsewhere) -> None:
    for name in (".hidden.csv", "a.csv.part", "~b.csv", ".folder/c.csv"):
        elsewhere.put(name, b"no")
    assert elsewhere.mirror() == Mirrored(copied=[STREET])


def test_a_folder_here_in_the_place_of_a_file_is_left(elsewhere: Elsewhere) -> None:
    (elsewhere.settings.landing_dir / STREET / "inner").mkdir(parents=True)
    assert elsewhere.mirror() == Mirrored(waiting=[STREET])


def test_a_name_that_leads_out_is_refused(tmp_path: Path) -> None:
    where = Elsewhere("memory://drop", tmp_path / "data")
    MemoryFileSystem.store.clear()
    where.put("good.csv", b"yes")
    for name in ("/drop/../../evil.csv", "/drop//evil.csv", "/drop/a\\evil.csv", f"/drop/{'x' * 256}.csv"):
        MemoryFileSystem.store[name] = type(MemoryFileSystem.store["/drop/good.csv"])(where.fs, name, b"no")
    try:
        result = where.mirror()
    finally:
        MemoryFileSystem.store.clear()
    assert result.copied == ["good.csv"]
    assert len(result.refused) >= 3
    assert [path.name for path in tmp_path.rglob("*.csv")] == ["good.csv"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no landing folder file:///.*/nowhere; make it"):
        Elsewhere(f"file://{tmp_path}/nowhere", tmp_path).mirror()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://bucket/deliveries", "s3://bucket/deliveries needs a library that is not installed: Install s3fs"),
        ("nosuch://somebody:secret@host/x", "nosuch://host/x is no URL of a folder"),
    ],
    ids=["library", "protocol"],
)
def test_a_url_that_nothing_reads_is_said(tmp_path: Path, url: str, says: str) -> None:
    settings = Settings(data=tmp_path, landing_url=url)  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError) as error:
        mirror(settings)
    assert str(error.value).startswith(says)


def test_what_fails_for_a_while_is_tried_again(failing: Elsewhere) -> None:
    FailingFileSystem.faults += [ConnectionResetError(), TimeoutError()]
    assert failing.mirror() == Mirrored(copied=[STREET])
    assert failing.slept == [1.0, 2.0, 1.0]
    failing.put(STREET, b"other")
    assert failing.mirror(lambda: FailingFileSystem.faults.append(EOFError()) if len(failing.slept) == 4 else None)
    assert failing.files == {STREET: b"other"}


def test_what_fails_for_good_leaves_nothing_half_done_and_no_secret(failing: Elsewhere) -> None:
    def break_down() -> None:
        FailingFileSystem.faults.append(OSError("secret"))

    FailingFileSystem.faults += [OSError("secret")] * 4
    with pytest.raises(SaferCityError) as error:
        failing.mirror(break_down)
    assert str(error.value) == "the landing folder failing://drop cannot be read (OSError, 4 times); run again later"
    assert failing.files == {}
    FailingFileSystem.faults.clear()
    assert failing.mirror() == Mirrored(copied=[STREET])


def test_a_full_disk_here_is_not_taken_for_a_fault_there(failing: Elsewhere) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(
        SaferCityError, match=r"the copy of failing://drop cannot be written \(No space left on device\)"
    ):
        failing.mirror(lambda: FailingFileSystem.faults.append(full) if len(failing.slept) == 1 else None)


def test_what_is_not_there_by_its_own_account_is_said(failing: Elsewhere) -> None:
    FailingFileSystem.faults += [FileNotFoundError("bucket")]
    with pytest.raises(UsageError, match="there is no landing folder failing://drop"):
        failing.mirror()


def test_a_folder_that_may_not_be_read_is_not_tried_again(failing: Elsewhere) -> None:
    FailingFileSystem.faults += [PermissionError()]
    with pytest.raises(UsageError, match="may not be read"):
        failing.mirror()
    assert failing.slept == []


def test_killed_while_copying_it_copies_again(elsewhere: Elsewhere) -> None:
    elsewhere.mirror()
    folder = elsewhere.settings.landing_dir
    (folder / ".arriving").mkdir()
    (folder / ".arriving" / "file").write_bytes(b"half of")
    (folder / ".versions.json").write_text('{"half', encoding="utf-8")
    assert elsewhere.mirror() == Mirrored(copied=[STREET])
    assert {path.name for path in folder.iterdir()} == {"2019-03", ".versions.json", ".mirror.lock"}


def test_what_is_secret_in_a_url_is_not_shown(tmp_path: Path) -> None:
    assert shown("sftp://somebody:pass/w@rd@host/drop?key=secret") == "sftp://host/drop"
    assert shown("s3://bucket/drop") == "s3://bucket/drop"
    settings = Settings(data=tmp_path, landing_url="sftp://somebody:pa55word@host/drop")  # pyright: ignore[reportArgumentType]
    assert "pa55word" not in repr(settings)


def test_versions_are_told_by_whatever_there_is() -> None:
    assert version({"size": 3, "ETag": "a"}) != version({"size": 3, "ETag": "b"})
    assert version({"size": 3, "mtime": 1.0, "created": 1}) == version({"size": 3, "mtime": 1.0, "created": 2})
    assert version({"size": 3, "created": 1}) != version({"size": 3, "created": 2})
    assert json.loads(version({"size": 3})) == [3, {}]


def test_a_landing_folder_that_is_set_is_read_itself(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, landing=tmp_path / "own", landing_url="memory://x")  # pyright: ignore[reportArgumentType]
    assert settings.landing_dir == tmp_path / "own"
    assert runs.bring_landing(settings) is None


def test_the_pipeline_reads_the_copy(tmp_path: Path) -> None:
    here = Sandbox(tmp_path / "here")
    here.deliver(street.first_batch())
    there = Sandbox(tmp_path / "there")
    with there.patched(), pytest.MonkeyPatch.context() as environment:
        environment.delenv("SAFERCITY_LANDING")
        environment.setenv("SAFERCITY_LANDING_URL", f"file://{here.landing}")
        from flows.settings import load_settings

        settings = load_settings()
        contracts = runs.load_contracts()
        brought = runs.bring_landing(settings)
        copied = runs.find(settings, contracts, lambda file: False)
        original = runs.find(here.settings, contracts, lambda file: False)
    assert brought is not None
    assert brought.waiting == []
    assert [arrival.file_name for arrival in copied.arrivals] == [arrival.file_name for arrival in original.arrivals]
    assert copied.unmatched == original.unmatched
