"""What is found in a landing folder: which files, when, and which are left alone."""

from __future__ import annotations

import gzip
import os
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from flows.contracts import Column, Contract, Delivery, load_contracts
from flows.errors import UsageError
from flows.stages.extract import Arrival, Landing, LandingFile, find
from flows.stages.extract import archive as archive_module

squeezed = partial(gzip.compress, mtime=0)  # the same bytes in every test process

TODAY = date(2024, 6, 30)
STREET = "2024-01-city-of-london-street.csv"
CONTRACTS = {
    "crimes": Contract(
        source="crimes",
        system="desk",
        title="Events of a made-up desk",
        record_source="force",
        description="One row per event of a made-up desk.",
        owner="Nobody in particular",
        cadence="daily",
        delivery=Delivery(kind="changes", naming="dated"),
        key=("ref",),
        columns=(Column(name="ref", type="text", description="What the event is called"),),
    ),
    "police_uk_street": load_contracts()["police_uk_street"],
}


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


def set_age(path: Path, seconds: float) -> None:
    """Make a file look as if it had last changed so long ago."""
    changed = time.time() - seconds
    os.utime(path, (changed, changed))


def put(path: Path, content: bytes = b"x", *, age: float = 60) -> Path:
    """Write a file that has kept still for a while, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    set_age(path, age)
    return path


def put_zip(path: Path, *names: str) -> Path:
    """Write an archive whose members hold their own names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            packed.writestr(name, name)
    set_age(path, 60)
    return path


def look(
    folder: Path,
    *,
    known: Callable[[LandingFile], bool] = lambda _: False,
    folder_forces: dict[str, str] | None = None,
    today: date = TODAY,
) -> Landing:
    return find(folder, CONTRACTS, known=known, default_force="Here", folder_forces=folder_forces or {}, today=today)


def codes(landing: Landing) -> list[str | None]:
    return [arrival.problem and arrival.problem.code for arrival in landing.arrivals]


def test_a_file_and_a_member_as_arrivals(landing: Path) -> None:
    plain = put(landing / "crimes_2024-01-31_r2.csv")
    packed = put_zip(landing / "2024-03.zip", f"2024-01/{STREET}")
    found = look(landing)
    assert found.arrivals == [
        Arrival(
            file=LandingFile.at(packed),
            member=f"2024-01/{STREET}",
            source="police_uk_street",
            file_name=STREET,
            force=None,
            slice="2024-01",
            extract_date=date(2024, 3, 31),
            revision=1,
            problem=None,
        ),
        Arrival(
            file=LandingFile.at(plain),
            member=None,
            source="crimes",
            file_name="crimes_2024-01-31_r2.csv",
            force="Here",
            slice=None,
            extract_date=date(2024, 1, 31),
            revision=2,
            problem=None,
        ),
    ]
    assert found.looked_at == [LandingFile.at(packed), LandingFile.at(plain)]
    assert not any(file.unsettled for file in found.looked_at)
    assert (found.unmatched, found.waiting) == ([], [])


def test_the_order_is_that_of_bytes(landing: Path) -> None:
    names = ["B_", "a", "é", "Z"]
    for name in names:
        put(landing / name / STREET)
    put(landing / f"{STREET}.gz")
    put_zip(landing / "a.zip", f"b/{STREET}", f"B/{STREET}")
    shown = [(str(a.file.path.relative_to(landing)), a.member) for a in look(landing).arrivals]
    assert shown == [
        (f"{STREET}.gz", None),
        (f"B_/{STREET}", None),
        (f"Z/{STREET}", None),
        ("a.zip", f"B/{STREET}"),
        ("a.zip", f"b/{STREET}"),
        (f"a/{STREET}", None),
        (f"é/{STREET}", None),
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (STREET, date(2024, 3, 31)),
        (f"2024-01/{STREET}", date(2024, 3, 31)),
        (f"published-2023/{STREET}", date(2023, 12, 31)),
        (f"published-2023/2024-01/{STREET}", date(2023, 12, 31)),
        (f"published-2023/published-2024-04/{STREET}", date(2024, 4, 30)),
    ],
)
def test_the_extract_date_by_folder(landing: Path, path: str, expected: date) -> None:
    put(landing / path)
    assert [arrival.extract_date for arrival in look(landing).arrivals] == [expected]


def test_folders_above_the_landing_folder_count_too(tmp_path: Path) -> None:
    put(tmp_path / "published-2023-05" / "landing" / STREET)
    (arrival,) = look(tmp_path / "published-2023-05" / "x" / ".." / "landing").arrivals
    assert arrival.extract_date == date(2023, 5, 31)
    (arrival,) = look(tmp_path / "published-2023-05" / "landing").arrivals
    assert arrival.extract_date == date(2023, 5, 31)


def test_the_extract_date_in_an_archive(landing: Path) -> None:
    put_zip(landing / "published-2023" / "2024-02.zip", f"published-2022/{STREET}")
    put_zip(landing / "published-2023" / "all.zip", f"published-2022/2024-01/{STREET}", f"2024-01/{STREET}")
    assert {(a.file.path.name, a.member): a.extract_date for a in look(landing).arrivals} == {
        ("2024-02.zip", f"published-2022/{STREET}"): date(2024, 2, 29),
        ("all.zip", f"published-2022/2024-01/{STREET}"): date(2022, 12, 31),
        ("all.zip", f"2024-01/{STREET}"): date(2023, 12, 31),
    }


@pytest.mark.parametrize(
    ("name", "today", "code"),
    [
        ("crimes_2024-06-30.csv", date(2024, 6, 30), None),
        ("crimes_2024-07-01.csv", date(2024, 6, 30), "EXTRACT_IN_FUTURE"),
        (f"published-2024-07/{STREET}", date(2024, 6, 30), "EXTRACT_IN_FUTURE"),
        # Where nothing says when it was published, its usual date may lie ahead, but its month must have ended.
        (STREET, date(2024, 3, 31), None),
        (STREET, date(2024, 1, 31), None),
        (STREET, date(2024, 1, 30), "EXTRACT_IN_FUTURE"),
        ("9999-12-city-of-london-street.csv", date(2024, 6, 30), "EXTRACT_IN_FUTURE"),
    ],
)
def test_no_extract_is_of_the_future(landing: Path, name: str, today: date, code: str | None) -> None:
    put(landing / name)
    found = look(landing, today=today)
    assert codes(found) == [code]
    assert [file.unsettled for file in found.looked_at] == [code is not None]


def test_forces_by_folder(landing: Path) -> None:
    name = "crimes_2024-01-31.csv"
    for folder in ("", "Kent", "KENT/2024", "kent/essex", "other", "kentish"):
        put(landing / folder / name)
    put(landing / "kent" / STREET)
    put_zip(landing / "Kent" / "a.zip", f"essex/{name}")
    forces = {"kent": "Kent Police", "Essex": "Essex Police"}
    found = look(landing, folder_forces=forces)
    assert {(str(a.file.path.parent.relative_to(landing)), a.file_name, a.member): a.force for a in found.arrivals} == {
        (".", name, None): "Here",
        ("Kent", name, None): "Kent Police",
        ("KENT/2024", name, None): "Kent Police",
        ("kent/essex", name, None): "Essex Police",
        ("other", name, None): "Here",
        ("kentish", name, None): "Here",
        ("kent", STREET, None): None,
        ("Kent", name, f"essex/{name}"): "Kent Police",
    }


def test_a_folder_above_the_landing_folder_names_no_force(tmp_path: Path) -> None:
    put(tmp_path / "kent" / "landing" / "crimes_2024-01-31.csv")
    (arrival,) = look(tmp_path / "kent" / "landing", folder_forces={"kent": "Kent Police"}).arrivals
    assert arrival.force == "Here"


def test_what_no_contract_takes_is_reported_and_needs_no_second_look(landing: Path) -> None:
    put(landing / "notes.txt")
    put(landing / "sub" / "README.md")
    put(landing / "README.md")
    put_zip(landing / "a.zip", f"x/{STREET}", "x/2024-01-city-of-london-outcomes.csv", "y.txt")
    put_zip(landing / "empty.zip")
    put_zip(landing / "hidden.zip", ".DS_Store", "__MACOSX/._x.csv", "folder/")
    found = look(landing)
    assert found.unmatched == [
        "a.zip › x/2024-01-city-of-london-outcomes.csv",
        "a.zip › y.txt",
        "empty.zip",
        "hidden.zip",
        "notes.txt",
        "sub/README.md",
    ]
    assert {file.path.name: file.unsettled for file in found.looked_at} == {
        "a.zip": True,
        "empty.zip": True,
        "hidden.zip": True,
        "notes.txt": True,
        "README.md": True,
    }


def test_unfinished_and_hidden_names_wait(landing: Path) -> None:
    for name in (f"{STREET}.part", f"{STREET}.TMP", f"{STREET}.filepart", f"{STREET}.crdownload", f"~{STREET}"):
        put(landing / name)
    put(landing / "upload.part" / STREET)
    put(landing / f".{STREET}")
    put(landing / ".hidden" / STREET)
    put(landing / "__MACOSX" / STREET)
    put_zip(landing / "a.zip", STREET, f".git/{STREET}", f"__MACOSX/{STREET}", f"{STREET}.part", f"./x/{STREET}")
    found = look(landing)
    assert [arrival.member for arrival in found.arrivals] == [f"./x/{STREET}", STREET]
    assert found.unmatched == []
    assert found.waiting == sorted(
        [f"{STREET}.part", f"{STREET}.TMP", f"{STREET}.filepart", f"{STREET}.crdownload", f"~{STREET}", "upload.part"]
    )


def test_a_landing_folder_below_a_hidden_one_is_read(tmp_path: Path) -> None:
    put(tmp_path / ".safer" / "~landing" / STREET)
    assert len(look(tmp_path / ".safer" / "~landing").arrivals) == 1


def test_a_known_file_is_not_opened(landing: Path) -> None:
    put(landing / "broken.zip", b"no archive")
    put(landing / STREET, age=0)
    began = time.monotonic()
    found = look(landing, known=lambda _: True)
    assert found == Landing()
    assert time.monotonic() - began < 0.5


def test_known_is_asked_with_path_size_and_time(landing: Path) -> None:
    path = put(landing / STREET, b"12345")
    asked: list[LandingFile] = []
    look(landing, known=lambda file: not asked.append(file))
    assert asked == [LandingFile(path, 5, path.stat().st_mtime_ns)]


def test_links_are_followed_and_loops_are_not(landing: Path, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "deep" / STREET)
    (landing / "folder").symlink_to(outside.parent.parent)
    (landing / "crimes_2024-01-31.csv").symlink_to(outside)
    (landing / "sub").mkdir()
    (landing / "sub" / "up").symlink_to(landing)
    (outside.parent / "again").symlink_to(outside.parent)
    found = look(landing)
    assert [str(a.file.path.relative_to(landing)) for a in found.arrivals] == [
        "crimes_2024-01-31.csv",
        f"folder/deep/{STREET}",
    ]
    assert found.unmatched == []


def test_odd_things_are_reported_as_unmatched(landing: Path) -> None:
    (landing / "broken.csv").symlink_to(landing / "nowhere")
    (landing / "itself.csv").symlink_to(landing / "itself.csv")
    (landing / "null").symlink_to("/dev/null")
    os.mkfifo(landing / f"pipe-{STREET}")
    put(landing / STREET / STREET)
    put(landing / "2024-01.zip" / "notes")
    found = look(landing)
    assert found.arrivals == []
    assert found.unmatched == sorted(["2024-01.zip", STREET, "broken.csv", "itself.csv", "null", f"pipe-{STREET}"])


def test_a_name_that_is_no_utf8(landing: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(landing) + b"/caf\xe9")) / STREET)
    put(Path(os.fsdecode(os.fsencode(landing) + b"/note\xe9.txt")))
    found = look(landing)
    assert found.unmatched == ["note\\xe9.txt"]
    assert found.arrivals[0].path.endswith(f"caf\\xe9/{STREET}")


def test_no_landing_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no landing folder"):
        look(tmp_path / "nowhere")


class TestFilesBeingWritten:
    def test_a_fresh_file_that_keeps_still_is_taken_after_a_second(self, landing: Path) -> None:
        put(landing / STREET, age=0)
        put(landing / "sub" / STREET, age=0)
        began = time.monotonic()
        assert len(look(landing).arrivals) == 2
        assert 0.9 < time.monotonic() - began < 2.9

    def test_an_old_file_is_taken_at_once(self, landing: Path) -> None:
        put(landing / STREET, age=3)
        began = time.monotonic()
        assert len(look(landing).arrivals) == 1
        assert time.monotonic() - began < 0.5

    def test_a_file_that_grows_all_the_time_waits(self, landing: Path) -> None:
        path = put(landing / STREET, age=0)
        put(landing / "crimes_2024-01-31.csv", age=0)
        done = threading.Event()

        def write() -> None:
            while not done.wait(0.3):
                with path.open("ab") as growing:
                    growing.write(b"more")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            began = time.monotonic()
            found = look(landing)
            seconds = time.monotonic() - began
        finally:
            done.set()
            writer.join()
        assert [arrival.file_name for arrival in found.arrivals] == ["crimes_2024-01-31.csv"]
        assert found.waiting == [STREET]
        assert [file.path.name for file in found.looked_at] == ["crimes_2024-01-31.csv"]
        assert 2.9 < seconds < 4.5

    def test_a_file_that_comes_to_rest_in_time_is_taken_whole(self, landing: Path) -> None:
        path = put(landing / STREET, age=0)
        timers = [threading.Timer(delay, lambda: path.open("ab").write(b"more")) for delay in (0.4, 0.8)]
        for timer in timers:
            timer.start()
        found = look(landing)
        for timer in timers:
            timer.join()
        assert found.waiting == []
        assert [arrival.file.size for arrival in found.arrivals] == [9]

    def test_a_file_that_vanishes_is_no_matter(self, landing: Path) -> None:
        path = put(landing / STREET, age=0)
        timer = threading.Timer(0.3, path.unlink)
        timer.start()
        found = look(landing)
        timer.join()
        assert found == Landing()


class TestArchivesThatAreRejected:
    def assert_rejected(self, landing: Path, code: str) -> None:
        found = look(landing)
        (arrival,) = found.arrivals
        assert arrival.problem is not None
        assert (arrival.source, arrival.member, arrival.problem.code) == ("", None, code)
        assert arrival.file_name == arrival.file.path.name
        assert [file.unsettled for file in found.looked_at] == [True]
        assert found.unmatched == []

    @pytest.mark.parametrize(
        "name",
        [
            f"../{STREET}",
            f"a/../../{STREET}",
            f"/{STREET}",
            f"..\\{STREET}",
            f"C:\\{STREET}",
            f"c:/{STREET}",
            "../notes.txt",
            "../",
            f".hidden/../../{STREET}",
        ],
    )
    def test_a_member_that_leads_out(self, landing: Path, name: str) -> None:
        put_zip(landing / "a.zip", f"ok/{STREET}", name)
        self.assert_rejected(landing, "ARCHIVE_UNSAFE")

    def test_a_link_as_member(self, landing: Path) -> None:
        link = zipfile.ZipInfo(STREET)
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(landing / "a.zip", "w") as packed:
            packed.writestr(link, "/etc/passwd")
        self.assert_rejected(landing, "ARCHIVE_UNSAFE")

    @pytest.mark.parametrize("name", ["in.zip", "x/IN.ZIP", "a.tar", "a.tgz", "a.7z", f"{STREET}.gz", f"{STREET}.xz"])
    def test_what_is_packed_inside(self, landing: Path, name: str) -> None:
        put_zip(landing / "a.zip", STREET, name)
        self.assert_rejected(landing, "ARCHIVE_NESTED")

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @pytest.mark.parametrize("names", [("a/x.csv", "a/x.csv"), ("a/x.csv", "a//x.csv"), ("x.csv", "./x.csv")])
    def test_a_repeated_name(self, landing: Path, names: tuple[str, str]) -> None:
        put_zip(landing / "a.zip", STREET, *names)
        self.assert_rejected(landing, "ARCHIVE_REPEATS")

    def test_expansion_beyond_both_limits(self, landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with zipfile.ZipFile(landing / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(STREET, b"0" * 1_000_000)
        size = (landing / "a.zip").stat().st_size
        assert size < 1_000_000 / 200
        assert codes(look(landing)) == [None]
        monkeypatch.setattr(archive_module, "MAX_EXPANDED_BYTES", 1_000_000)
        assert codes(look(landing)) == [None]
        monkeypatch.setattr(archive_module, "MAX_EXPANDED_BYTES", 999_999)
        self.assert_rejected(landing, "ARCHIVE_EXPANSION")
        monkeypatch.setattr(archive_module, "MAX_EXPANSION", 1_000_000 // size + 1)
        assert codes(look(landing)) == [None]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "FILE_EMPTY"),
            (b"no archive at all", "ARCHIVE_UNREADABLE"),
            (squeezed(b"a"), "ARCHIVE_UNREADABLE"),
            (b"PK\x03\x04" + b"\0" * 100, "ARCHIVE_UNREADABLE"),
        ],
    )
    def test_what_is_no_archive(self, landing: Path, content: bytes, code: str) -> None:
        put(landing / "2024-01.zip", content)
        self.assert_rejected(landing, code)

    def test_an_archive_cut_short(self, landing: Path) -> None:
        whole = put_zip(landing / "a.zip", STREET, "b").read_bytes()
        put(landing / "a.zip", whole[: len(whole) // 2])
        self.assert_rejected(landing, "ARCHIVE_UNREADABLE")
