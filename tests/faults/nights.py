"""What happens in the nights of a soak, as data: what is delivered, what goes wrong, and what people are to be told.

The alerts are worked out by hand from docs/operating.md, and stand beside the night that they come in. Where nothing
is said a problem that goes on is told again after seven days, and one that is critical is escalated after fourteen.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Literal

from tests.faults import crimes
from tests.faults.street import SAMPLE, Files, archive, rows, street

Trouble = Literal[
    "the run is killed",
    "what starts the runs is killed",
    "Prefect's server is killed",
    "the machine stops",
    "the machine stops twice",
    "the disk is nearly full",
    "the disk is full",
    "the clock was set back",
    "the machine is off",
]

Told = Counter[tuple[str, str, str | None]]
"""What is told: whether it opened, recovered and so on, of which kind it is, and of which source; how often."""

TOLD: Mapping[Trouble, Sequence[str]] = {
    "the run is killed": ("opened run_killed", "recovered run_killed"),
    "what starts the runs is killed": ("opened run_killed", "recovered run_killed"),
    "the machine stops": ("opened run_killed", "recovered run_killed"),
    "the machine stops twice": ("opened run_killed", "recovered run_killed"),
    "the clock was set back": ("opened run_killed", "recovered run_killed"),
    "the machine is off": ("opened run_overdue", "recovered run_overdue"),
    "the disk is nearly full": (
        "opened run_failed",
        "opened disk_nearly_full",
        "recovered run_failed",
        "recovered disk_nearly_full",
    ),
    # Past the ledger, which takes no more either: so nothing of it can recover.
    "the disk is full": ("opened build_failed",),
}
"""What a trouble has people told in the same night: that it came, and that the next run was well."""

STAGES = {"extract": 0.2, "validate": 0.5, "load": 0.2, "transform": 5.0, "audit": 0.2, "publish": 0.4}
"""Stage → how many seconds of it at most go by before something dies in it."""


@dataclass(frozen=True)
class Night:
    """One night and the morning after it.

    `files` land in it by path below the landing folder, `files_later` after the clock was set back. `tells` are the
    alerts that it brings beside those of its trouble, which strikes `seconds` after `stage` has begun. `begins` is when
    the nightly run does, UTC: two minutes later each night, so that what is due after so many days is due in the run.
    After a night with `watch` somebody looks in the morning, and after one with `tidy` it is Sunday.
    """

    number: int
    day: date
    files: Files
    tells: tuple[str, ...] = ()
    trouble: Trouble | None = None
    stage: str = ""
    seconds: float = 0
    begins: time | None = None
    files_later: Files = field(default_factory=dict)
    watch: bool = False
    tidy: bool = False

    @property
    def at(self) -> datetime:
        """When the nightly run begins, UTC."""
        usual = datetime.combine(self.day, time(2, 30)) + timedelta(minutes=2 * self.number)
        return datetime.combine(self.day, self.begins) if self.begins else usual

    @property
    def told(self) -> Told:
        """What people are to be told from this night to the next."""
        told = [line.split() for line in (*self.tells, *(TOLD.get(self.trouble, ()) if self.trouble else ()))]
        return Counter((what, kind, source[0] if source else None) for what, kind, *source in told)


def in_a_row(first: date, events: Mapping[int, dict[str, Any]], count: int, seed: int) -> list[Night]:
    """So many nights from a day on. What dies dies at a drawn moment; the stage is drawn where none is given."""
    rng = Random(seed)
    nights = []
    for number in range(count):
        event = dict(events.get(number, {}))
        stage = str(event.pop("stage", None) or rng.choice(list(STAGES)))
        files: Files = {}
        for delivered in event.pop("files", ()):
            files |= delivered
        nights.append(
            Night(
                number,
                first + timedelta(days=number),
                files,
                stage=stage,
                seconds=rng.uniform(0, STAGES[stage]),
                **event,
            )
        )
    return nights


BUS = "attendance_ref,deployed_on,sex,need,outcome,minutes_with_service"
CHECKS = (
    "check_ref,programme,operation_ref,checked_at,vehicle_class,licensing_authority,compliant,offences,reasons,"
    "driver_name,vehicle_registration"
)


def bus(day: date, *, sex: str = "female", revision: int = 1) -> Files:
    """An extract of the support bus of a day: one attendance on each of three days. A revision has other times."""
    lines = [BUS]
    for back in range(3):
        deployed = day - timedelta(days=back)
        lines.append(f"SB/{deployed:%y%m%d},{deployed},{sex if back == 0 else 'male'},medic,treated,{25 * revision}")
    name = f"support_bus_attendances_{day}_r{revision}" if revision > 1 else f"support_bus_attendances_{day}"
    return {f"{name}.csv": "\n".join([*lines, ""]).encode()}


def checks(day: date) -> Files:
    """An extract of vehicle checks of a day."""
    line = f"VC/{day:%y%m%d},commercial_vehicle,OP/{day:%y%m},{day} 09:00,hgv,,Y,0,,{crimes.MARKER},{crimes.MARKER}"
    return {f"vehicle_checks_{day}.csv": f"{CHECKS}\n{line}\n".encode()}


def crime(name: str, content: Sequence[crimes.Row], without: Sequence[str] = ()) -> Files:
    """An extract of crimes."""
    return {f"crimes_{name}.csv": crimes.text(content, without)}


def assault(number: int, **changes: str) -> crimes.Row:
    """An assault of which everything is known."""
    day = "2019-01-19"
    return crimes.assault(number, day, committed_from=f"{day} 08:15", **changes)


def winter() -> list[crimes.Row]:
    """Crimes of January and February, as first recorded."""
    return [
        *crimes.rows("2019-01-12", 1, 6),
        *[assault(number) for number in range(20, 24)],
        *crimes.rows("2019-02-14", 100, 4),
    ]


def later(day: str) -> list[crimes.Row]:
    """What an extract some days later brings of winter: one recorded late, one of another class, one cancelled."""
    return [
        crimes.row(110, "2019-01-28"),
        assault(20, class_code="105A", sub_code="105/01"),
        assault(21, status="cancelled"),
        crimes.row(1, "2019-01-12", outcome_code="18", outcome_at=f"{day} 16:00"),
    ]


def again(files: Files, folder: str = "again") -> Files:
    """The same files at another place."""
    return {f"{folder}/{name}": content for name, content in files.items()}


_FIRST = crime("2019-03-12", [*winter(), crimes.row(50, "2019-03-04", class_code="999Z")])
_WITHOUT_STATUS = crimes.text(crimes.rows("2019-03-13", 60, 3), ["status"])

SHORT = in_a_row(
    date(2019, 3, 13),
    {
        0: {"files": [_FIRST, bus(date(2019, 1, 31))], "tells": ("opened quarantined_rows crimes",)},
        # The bus of February was due by 12 March, so it is late from the 14th on.
        1: {"tells": ("opened freshness support_bus_attendances",)},
        2: {
            "files": [
                bus(date(2019, 3, 15)),
                crime("2019-03-15", later("2019-03-14")),
                {"crimes_2019-03-14.csv": _WITHOUT_STATUS},
                again(_FIRST),
            ],
            "tells": (
                "recovered freshness support_bus_attendances",
                "recovered quarantined_rows crimes",
                "opened rejected_file crimes",
                "opened drift crimes",
            ),
            "trouble": "the machine stops",
            "stage": "transform",
        },
        3: {"tidy": True},
    },
    count=4,
    seed=1,
)
"""Four nights with one of each trouble that matters most."""


class _Script:
    """Nights from a day on, as they are written."""

    def __init__(self, first: date) -> None:
        self.first = first
        self.events: dict[int, dict[str, Any]] = {}

    def day(self, number: int) -> date:
        """The day of a night."""
        return self.first + timedelta(days=number)

    def at(self, number: int, *files: Files, tells: str | Sequence[str] = (), **given: Any) -> None:
        """In a night these files land too, this is told too, and so it is."""
        event = self.events.setdefault(number, {})
        event["files"] = [*event.get("files", []), *files]
        event["tells"] = (*event.get("tells", ()), *([tells] if isinstance(tells, str) else tells))
        event.update(given)


def _deliver(script: _Script) -> None:
    # Every third night the bus, the same number of rows each time. In one a row is bad; the next extract is not.
    for number in range(2, 60, 3):
        script.at(number, bus(script.day(number), sex="unsaid" if number == 23 else "female"))
    script.at(0, bus(date(2019, 2, 28)))
    script.at(23, tells="opened quarantined_rows support_bus_attendances")
    script.at(26, tells="recovered quarantined_rows support_bus_attendances")

    # Vehicle checks: those of February were due by 12 March, are late from the 14th (13) on and missing from the 26th
    # (25) on; they come on 6 April (36).
    script.at(0, checks(date(2019, 1, 31)))
    script.at(13, tells="opened freshness vehicle_checks")
    script.at(20, tells="still freshness vehicle_checks")
    script.at(25, tells="changed freshness vehicle_checks")
    script.at(27, tells="escalated freshness vehicle_checks")
    script.at(34, tells="still freshness vehicle_checks")
    script.at(36, checks(date(2019, 3, 31)), again(bus(script.day(35))), tells="recovered freshness vehicle_checks")

    # Crimes: a revision; a later extract with changes and a bad row; one that is rejected; one that is sound. Those of
    # March were due by 8 April, are late from the 9th (39) on and missing from the 15th (45) on.
    script.at(0, crime("2019-02-28", winter()))
    script.at(6, crime("2019-02-28_r2", winter()[1:]))
    bad = crimes.row(50, "2019-03-04", class_code="999Z")
    script.at(12, crime("2019-03-12", [*later("2019-03-11"), bad]), tells="opened quarantined_rows crimes")
    script.at(16, crime("2019-03-16", crimes.rows("2019-03-13", 60, 3), ["status"]))
    script.at(16, tells=("opened rejected_file crimes", "opened drift crimes"))
    script.at(19, tells="still quarantined_rows crimes")
    script.at(23, tells="still rejected_file crimes")
    script.at(24, crime("2019-03-24", [*later("2019-03-23"), *crimes.rows("2019-03-20", 200, 4)]))
    script.at(24, tells=("recovered quarantined_rows crimes", "recovered rejected_file crimes"))
    script.at(39, tells="opened freshness crimes")
    script.at(45, tells="changed freshness crimes")
    script.at(47, crime("2019-04-16", crimes.rows("2019-04-03", 300, 4)), tells="recovered freshness crimes")

    # What is neither: a file without a contract, and an archive that is none, for good.
    script.at(10, {"notes.csv": b"note\nNothing to see\n"}, tells="opened unmatched_file")
    script.at(26, {"2019-02.zip": b"no archive"}, tells="opened rejected_file unknown")
    script.at(33, tells="still rejected_file unknown")
    script.at(40, tells="escalated rejected_file unknown")
    script.at(47, tells="still rejected_file unknown")
    script.at(54, tells="still rejected_file unknown")

    # data.police.uk: two months, another in an archive, and one published again with other counts.
    november, december = (street(month, rows(month, 6, SAMPLE), SAMPLE) for month in ("2018-11", "2018-12"))
    script.at(0, november, december)
    script.at(30, {"2019-01.zip": archive(street("2019-01", rows("2019-01", 6, SAMPLE), SAMPLE))}, again(december))
    script.at(33, street("2018-12", rows("2018-12", 8, SAMPLE), SAMPLE, folder="published-2019-03/"))


def _trouble(script: _Script) -> None:
    script.at(5, trouble="the disk is full", stage="transform")
    script.at(8, trouble="the machine stops twice", stage="validate")
    script.at(11, trouble="what starts the runs is killed")
    script.at(14, trouble="the run is killed", stage="load")
    script.at(17, trouble="the machine is off")
    script.at(20, trouble="the clock was set back", files_later=bus(script.day(20), revision=2))
    script.at(26, trouble="Prefect's server is killed")
    script.at(30, begins=time(0, 59, 50))
    script.at(32, trouble="the disk is nearly full")
    script.at(35, trouble="the machine stops")
    script.at(43, begins=time(4, 56))
    script.at(47, trouble="the machine stops", stage="publish")
    script.at(50, trouble="the machine stops", stage="transform")
    for number in range(5, 60, 7):
        script.at(number, watch=True)
    for number in range(2, 60, 7):
        script.at(number, tidy=True)


def _sixty() -> list[Night]:
    """From 1 March to 29 April 2019, over the beginning of summer time on the night of 31 March (30)."""
    script = _Script(date(2019, 3, 1))
    _deliver(script)
    _trouble(script)
    return in_a_row(script.first, script.events, count=60, seed=7)


SIXTY = _sixty()
"""Sixty nights with everything."""
