"""What a file's name says: of which source it is, for which slice, and what it is current to.

Names ignore case. A name that begins as a source's names do but is not a sound one gives a Problem, so that a
mistyped delivery is rejected aloud; a name that is no source's at all gives None.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flows.contracts import Contract
from flows.stages.extract.arrival import Problem

_ENDINGS = {"dated": (".csv", ".csv.gz", ".xlsx", ".parquet"), "police_uk": (".csv", ".csv.gz")}
_MEMBER_ENDINGS = (".csv",)

ARCHIVE = ".zip"
LOOKS_LIKE_A_FILE = (".csv", ".gz", ARCHIVE, ".xlsx", ".parquet")
"""Endings that no folder should have."""

_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")

_FLAGS = re.IGNORECASE | re.ASCII
_COPY = r" \(\d+\)"
_MONTHS_TO_PUBLICATION = 2

_NO_DATE = Problem(
    "NAME_DATE", "its name holds no valid extract date; name it <source>_YYYY-MM-DD, with _r2, _r3 for a re-supply"
)
_NO_MONTH = Problem("NAME_DATE", "its name begins with an impossible month; name it YYYY-MM-<force>-<kind>")
_NO_REVISION = Problem(
    "NAME_REVISION",
    "what follows in its name is not a revision; use nothing for the first supply, then _r2, _r3 and so on",
)


@dataclass(frozen=True)
class Claim:
    """What a name claims. `extract_date` is None where the name does not say it (police_uk).

    With a problem it claims nothing but the source, so that a misnamed file is never taken for the same delivery as a
    well named one with the same content.
    """

    source: str
    slice: str | None = None
    extract_date: date | None = None
    revision: int = 1
    problem: Problem | None = None


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or holds the attributes that macOS adds."""
    return name.startswith(".") or name == "__MACOSX"


def is_unfinished(name: str) -> bool:
    """Whether a file or folder of this name is a temporary one of the program that writes it."""
    return name.startswith("~") or name.lower().endswith(_UNFINISHED)


def claim(name: str, contracts: dict[str, Contract], *, is_member: bool = False) -> Claim | None:
    """What a file or member of this base name claims to be, or None when it is no contract's.

    Where several contracts could take the name, the one with the longest source or suffix does. A force's own systems
    may send workbooks and Parquet too, but not inside archives.
    """
    readers = {"dated": _dated, "police_uk": _police_uk}
    for contract in sorted(contracts.values(), key=lambda c: (-len(c.delivery.suffix or c.source), c.source)):
        naming = contract.delivery.naming
        endings = _MEMBER_ENDINGS if is_member else _ENDINGS[naming]
        ending = next((ending for ending in endings if name.lower().endswith(ending)), None)
        found = readers[naming](name[: -len(ending)], contract) if ending else None
        if found:
            return found
    return None


def published(archive: str | None, folders: Iterable[str]) -> date | None:
    """The extract date that a data.police.uk file is given: its archive's month, else the nearest `published-…` folder.

    `archive` is the archive's file name, `folders` the names above the file, nearest first. None where nothing says it.
    """
    if archive and (named := re.fullmatch(r"(\d{4})-(\d{2})\.zip", archive, _FLAGS)) and _is_month(*named.groups()):
        return _month_end(int(named[1]), int(named[2]))
    for folder in folders:
        named = re.fullmatch(r"published-(\d{4})(?:-(\d{2}))?", folder, _FLAGS)
        if named and _is_month(named[1], named[2] or "12"):
            return _month_end(int(named[1]), int(named[2] or 12))
    return None


def usually_published(month: str) -> date:
    """The extract date of a data.police.uk file of which nothing says it: the end of the second month after its own.

    Raises ValueError for a month at the end of the calendar.
    """
    return _month_end(int(month[:4]), int(month[5:]) + _MONTHS_TO_PUBLICATION)


def month_end(month: str) -> date:
    """The last day of a month 'YYYY-MM'."""
    return _month_end(int(month[:4]), int(month[5:]))


def _police_uk(stem: str, contract: Contract) -> Claim | None:
    suffix = re.escape(contract.delivery.suffix or "")
    named = re.fullmatch(rf"(\d{{4}})-(\d{{2}})-(.+)-{suffix}({_COPY})?", stem, _FLAGS)
    if not named:
        return None
    if not _is_month(named[1], named[2]):
        return Claim(contract.source, problem=_NO_MONTH)
    if named[4]:
        return Claim(contract.source, problem=_NO_REVISION)
    return Claim(contract.source, slice=f"{named[1]}-{named[2]}")


def _dated(stem: str, contract: Contract) -> Claim | None:
    named = re.fullmatch(rf"{re.escape(contract.source)}(|_.*|{_COPY})", stem, _FLAGS | re.DOTALL)
    if not named:
        return None
    dated = re.fullmatch(r"_(\d{4})-(\d{2})-(\d{2})(.*)", named[1], _FLAGS | re.DOTALL)
    extract_date = _date(dated) if dated else None
    if dated is None or extract_date is None:
        return Claim(contract.source, problem=_NO_DATE)
    if not dated[4]:
        return Claim(contract.source, extract_date=extract_date)
    revision = re.fullmatch(r"_r([1-9]\d{0,5})", dated[4], _FLAGS)
    if revision is None or revision[1] == "1":
        return Claim(contract.source, problem=_NO_REVISION)
    return Claim(contract.source, extract_date=extract_date, revision=int(revision[1]))


def _date(named: re.Match[str]) -> date | None:
    try:
        return date(int(named[1]), int(named[2]), int(named[3]))
    except ValueError:
        return None


def _is_month(year: str, month: str) -> bool:
    return int(year) >= 1 and 1 <= int(month) <= 12


def _month_end(year: int, month: int) -> date:
    years, months = divmod(month - 1, 12)
    return date(year + years, months + 1, monthrange(year + years, months + 1)[1])
