"""The model of a force's own crimes itself, on numbers worked out by hand."""

from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest

from tests.model.crime_measures import CLASSES, MEASURES, PROFILED_THEMES, THEMES, Crime
from tests.model.crimes import Delivery, Model
from tests.model.times import aoristic, night_of

CITY = "City of London Police"
KENT = "Kent Police"
MAY, JUNE, JULY = date(2019, 5, 1), date(2019, 6, 1), date(2019, 7, 1)

# Extracts by the day that they are current to.
ON_30_MAY, ON_31_MAY = date(2019, 5, 30), date(2019, 5, 31)
ON_7_JUNE, ON_30_JUNE = date(2019, 6, 7), date(2019, 6, 30)
ON_7_JULY, ON_31_JULY, ON_7_AUGUST = date(2019, 7, 7), date(2019, 7, 31), date(2019, 8, 7)


def crime(number: int = 1, recorded_at: str = "2019-05-10 12:00", class_code: str = "8N", **changes: Any) -> Crime:
    """An assault with injury; `changes` names columns, with times as text."""
    values: dict[str, Any] = {
        name: datetime.fromisoformat(value) if is_time(name) else value for name, value in changes.items()
    }
    status = values.pop("status", "recorded")
    return Crime(f"CR/{number:04}", status, class_code, datetime.fromisoformat(recorded_at), **values)


def is_time(name: str) -> bool:
    return name.endswith("_at") or name.startswith("committed_")


def extract(extract_date: date, *rows: Crime, force: str = CITY, **values: Any) -> Delivery:
    return Delivery(force, extract_date, rows, **values)


def rejected(extract_date: date, force: str = CITY, **values: Any) -> Delivery:
    return Delivery(force, extract_date, is_rejected=True, received=12, **values)


def columns(rows: Iterable[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def of_measure(rows: Iterable[dict[str, Any]], measure: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["measure"] == measure]


# ---- deliveries and states


def test_fates_of_rows() -> None:
    abh, gbh = crime(sub_code="008/06"), crime(sub_code="008/01")
    model = Model(
        [
            extract(ON_31_JULY, gbh, crime(2), crime(2)),
            extract(ON_31_MAY, abh, crime(2), crime(2), quarantined=3),
            extract(ON_30_JUNE, abh),
            rejected(ON_7_JULY),
            Delivery(CITY, ON_7_AUGUST, is_rejected=True),  # not even read
        ]
    )
    names = ("extract_date", "received", "accepted", "quarantined", "rejected", "loaded", "unchanged", "state")
    assert columns(model.deliveries(), *names) == [
        (ON_31_JULY, 3, 3, 0, 0, 1, 2, "loaded"),
        (ON_31_MAY, 6, 3, 3, 0, 2, 1, "loaded"),  # the copy in the file is unchanged
        (ON_30_JUNE, 1, 1, 0, 0, 0, 1, "loaded"),
        (ON_7_JULY, 12, 0, 0, 12, 0, 0, "rejected"),
        (ON_7_AUGUST, None, 0, 0, None, 0, 0, "rejected"),
    ]
    assert columns(model.crime_versions(), "crime_number", "sub_code", "known_from", "known_to") == [
        ("CR/0001", "008/06", ON_31_MAY, ON_31_JULY),
        ("CR/0001", "008/01", ON_31_JULY, None),
        ("CR/0002", None, ON_31_MAY, None),
    ]
    assert columns(model.crimes(), "force", "crime_number", "sub_code") == [
        (CITY, "CR/0001", "008/01"),
        (CITY, "CR/0002", None),
    ]


def test_a_delivery_row_in_full() -> None:
    [row] = Model([extract(ON_31_MAY, crime(), revision=3)]).deliveries()
    assert row == {
        "source": "crimes",
        "force": CITY,
        "slice": None,
        "file_name": "crimes_2019-05-31_r3.csv",
        "extract_date": ON_31_MAY,
        "revision": 3,
        "received": 1,
        "accepted": 1,
        "quarantined": 0,
        "rejected": 0,
        "loaded": 1,
        "unchanged": 0,
        "superseded_in_file": 0,
        "state": "loaded",
    }


def test_back_to_an_earlier_content_is_a_state_again() -> None:
    model = Model(
        [extract(ON_31_MAY, crime()), extract(ON_7_JUNE, crime(street="Poultry")), extract(ON_7_JULY, crime())]
    )
    assert columns(model.crime_versions(), "street", "known_from", "known_to") == [
        (None, ON_31_MAY, ON_7_JUNE),
        ("Poultry", ON_7_JUNE, ON_7_JULY),
        (None, ON_7_JULY, None),
    ]


def test_the_same_number_of_two_forces_is_two_records() -> None:
    model = Model([extract(ON_31_MAY, crime()), extract(ON_31_MAY, crime(), force=KENT)])
    assert columns(model.crimes(), "force") == [(CITY,), (KENT,)]
    assert columns(model.deliveries(), "loaded", "state") == [(1, "loaded"), (1, "loaded")]


def test_a_revision_replaces_the_lower_one_completely() -> None:
    first = extract(ON_31_MAY, crime(1), crime(2))
    model = Model([extract(ON_31_MAY, crime(1, street="Poultry"), revision=2), first])
    assert columns(model.deliveries(), "revision", "accepted", "loaded", "unchanged", "state") == [
        (2, 1, 1, 0, "loaded"),
        (1, 2, 0, 0, "superseded"),
    ]
    assert columns(model.crime_versions(), "crime_number", "street", "known_to") == [("CR/0001", "Poultry", None)]


def test_a_rejected_revision_replaces_nothing() -> None:
    model = Model([extract(ON_31_MAY, crime(1)), rejected(ON_31_MAY, revision=2)])
    assert columns(model.deliveries(), "loaded", "state") == [(1, "loaded"), (0, "rejected")]
    assert columns(model.coverage(), "month", "state") == [(MAY, "complete")]


def test_a_revision_of_a_rejected_file_stands() -> None:
    model = Model([rejected(ON_31_MAY), extract(ON_31_MAY, crime(1), revision=2)])
    assert columns(model.deliveries(), "loaded", "state") == [(0, "rejected"), (1, "loaded")]
    assert columns(model.coverage(), "month", "state") == [(MAY, "complete")]


def test_a_revision_may_undo_what_a_later_extract_was_compared_with() -> None:
    model = Model(
        [
            extract(ON_31_MAY, crime(street="Poultry")),
            extract(ON_31_MAY, revision=2),
            extract(ON_7_JUNE, crime(street="Poultry")),
        ]
    )
    assert columns(model.deliveries(), "loaded", "unchanged") == [(0, 0), (0, 0), (1, 0)]


# ---- months, coverage, as of


def offences(model: Model, as_of: date | None = None, measure: str = "violence") -> dict[tuple[str, int], int | None]:
    """The count by force and number of the month in its year."""
    [theme] = [theme for theme, measures in THEMES.items() if measure in measures]
    rows = of_measure(model.performance(theme, as_of), measure)
    return {(row["force"], row["month"].month): row["offences"] for row in rows}


def test_months_run_from_the_first_record_of_any_status_to_the_last_month_that_ended() -> None:
    model = Model(
        [
            extract(ON_30_MAY, crime(1, "2019-03-01 00:00", status="cancelled"), crime(2, "2019-05-01 00:00")),
            extract(ON_31_JULY, crime(3, "2019-07-31 23:59:59"), crime(4, "2019-06-30 23:59:59")),
        ]
    )
    assert offences(model, date(2019, 5, 29)) == {}
    assert offences(model, ON_30_MAY) == {(CITY, 3): 0, (CITY, 4): 0}
    assert offences(model, date(2019, 7, 30)) == {(CITY, 3): 0, (CITY, 4): 0}  # the cut-off is an extract date
    assert offences(model, ON_31_JULY) == {(CITY, 3): 0, (CITY, 4): 0, (CITY, 5): 1, (CITY, 6): 1, (CITY, 7): 1}
    assert offences(model) == offences(model, ON_31_JULY)


def test_a_file_without_rows_moves_current_to_on() -> None:
    model = Model([extract(ON_30_MAY, crime()), extract(ON_30_JUNE)])
    assert offences(model, ON_30_MAY) == {}
    assert offences(model, ON_30_JUNE) == {(CITY, 5): 1, (CITY, 6): 0}


def test_a_source_without_a_record_has_no_months() -> None:
    model = Model([extract(ON_31_JULY)])
    assert (offences(model), model.coverage(), model.restatements()) == ({}, [], [])


def test_the_first_month_is_that_of_the_states_known_then() -> None:
    model = Model([extract(ON_31_MAY, crime(1, "2019-05-01 00:00")), extract(ON_30_JUNE, crime(1, "2019-06-01 00:00"))])
    assert offences(model, ON_31_MAY) == {(CITY, 5): 1}
    assert offences(model, ON_30_JUNE) == {(CITY, 6): 1}


def test_months_are_those_of_the_source_and_a_force_that_lags_is_missing() -> None:
    model = Model(
        [
            extract(ON_31_JULY, crime(1, "2019-05-01 00:00")),
            extract(ON_30_JUNE, crime(1, "2019-06-01 00:00"), crime(2, "2019-06-30 00:00"), force=KENT),
        ]
    )
    assert offences(model, ON_30_JUNE) == {(KENT, 6): 2}
    assert offences(model) == {
        (CITY, 5): 1,
        (CITY, 6): 0,
        (CITY, 7): 0,
        (KENT, 5): 0,
        (KENT, 6): 2,
        (KENT, 7): None,
    }


def test_a_force_with_rejected_files_only_has_no_months() -> None:
    model = Model([extract(ON_31_MAY, crime()), rejected(ON_31_MAY, force=KENT)])
    assert offences(model) == {(CITY, 5): 1}


def test_coverage_by_hand() -> None:
    model = Model(
        [
            extract(ON_30_MAY, crime(1), crime(2)),
            rejected(ON_7_JUNE),  # before May is complete, in June
            extract(ON_30_JUNE, crime(1, "2019-06-01 00:00"), crime(3), crime(3)),
            extract(ON_7_JULY, crime(2)),
            rejected(ON_7_AUGUST),  # July is complete by then
            extract(ON_31_JULY, crime(3, street="Poultry"), crime(4)),
        ]
    )
    names = ("month", "state", "deliveries", "rows", "first_extract", "last_extract")
    assert columns(model.coverage(), *names) == [
        (MAY, "partial", 3, 3, ON_30_MAY, ON_31_JULY),
        (JUNE, "partial", 1, 1, ON_30_JUNE, ON_30_JUNE),
        (JULY, "complete", 0, 0, None, None),
    ]
    assert {(row["source"], row["force"]) for row in model.coverage()} == {("crimes", CITY)}


@pytest.mark.parametrize(
    ("lost", "state"),
    [
        (date(2019, 4, 30), "complete"),
        (date(2019, 5, 1), "partial"),
        (date(2019, 5, 31), "partial"),
        (date(2019, 6, 6), "partial"),
        (date(2019, 6, 8), "complete"),
    ],
)
def test_a_month_is_partial_by_extracts_lost_from_its_start_until_it_is_complete(lost: date, state: str) -> None:
    model = Model([extract(ON_7_JUNE, crime()), rejected(lost), rejected(lost, revision=2)])
    assert columns(model.coverage(), "month", "state") == [(MAY, state)]
    [row] = of_measure(model.performance("violence"), "violence")
    assert (row["coverage"], row["offences"]) == (state, 1)


def test_coverage_as_of_knows_the_extracts_until_then() -> None:
    model = Model([extract(ON_31_MAY, crime()), rejected(ON_7_JUNE), extract(ON_31_JULY, crime(2))])
    states = [
        [row["coverage"] for row in of_measure(model.performance("violence", day), "violence")]
        for day in (ON_31_MAY, ON_30_JUNE, ON_31_JULY)
    ]
    assert states == [["complete"], ["complete"], ["complete", "partial", "complete"]]


def test_a_missing_month_has_no_count_though_records_of_it_are_known() -> None:
    model = Model(
        [
            extract(ON_30_MAY, crime(street="Poultry", committed_from="2019-05-09 12:00"), crime(2)),
            extract(ON_31_MAY, crime(1, "2019-04-30 12:00"), force=KENT),
        ]
    )
    assert offences(model) == {(CITY, 4): 0, (CITY, 5): None, (KENT, 4): 1, (KENT, 5): 0}
    names = ("force", "month", "state", "deliveries", "rows")
    assert (CITY, MAY, "missing", 1, 2) in columns(model.coverage(), *names)
    assert model.temporal("violence") == model.hotspots("violence") == []
    assert columns(model.untimed("violence"), "force") == [(KENT,)] * 3


def test_cancelled_and_transferred_records_leave_and_come_back() -> None:
    model = Model(
        [
            extract(ON_31_MAY, crime(1), crime(2), crime(3)),
            extract(ON_7_JUNE, crime(2, status="cancelled"), crime(3, status="transferred")),
            extract(ON_7_JULY, crime(2)),
        ]
    )
    counts = [offences(model, day)[CITY, 5] for day in (ON_31_MAY, ON_7_JUNE, ON_7_JULY)]
    assert counts == [3, 1, 2]


# ---- measures


@pytest.mark.parametrize(
    ("class_code", "sub_code", "measures"),
    [
        ("1", None, {"violence", "violence_with_injury"}),  # homicide
        ("8N", None, {"violence", "violence_with_injury", "assault_profile"}),
        ("8N", "008/06", {"violence", "violence_with_injury", "assault_profile", "abh"}),
        ("8N", "008/01", {"violence", "violence_with_injury", "assault_profile", "gbh_without_intent"}),
        ("5D", "005/01", {"violence", "violence_with_injury", "assault_profile", "gbh_with_intent"}),
        ("8S", None, {"violence", "violence_with_injury", "assault_profile", "assault_police_emergency"}),
        (
            "8T",
            "008/06",
            {"violence", "violence_with_injury", "assault_profile", "assault_police_emergency", "abh"},
        ),
        ("6", "008/06", {"violence", "violence_with_injury", "assault_profile", "abh"}),  # takes any sub-code
        ("104", None, {"violence", "violence_without_injury", "assault_profile", "assault_police_emergency"}),
        ("105A", "008/73", {"violence", "violence_without_injury", "assault_profile", "assault_police_emergency"}),
        ("105A", "105/01", {"violence", "violence_without_injury", "assault_profile", "common_assault"}),
        ("105A", "105/04", {"violence", "violence_without_injury", "assault_profile", "assault_custody_officer"}),
        ("8L", None, {"violence", "violence_without_injury"}),  # stalking and harassment
        ("8R", None, {"violence", "violence_without_injury", "malicious_communications"}),
        ("4.4", None, {"violence"}),  # unlawful driving: in neither half
        ("17A", None, {"violence", "sexual_offences"}),
        ("19C", None, {"violence", "sexual_offences", "rape"}),
        ("34A", "034/01", {"violence", "robbery", "robbery_business"}),
        ("34B", "034/01", {"violence", "robbery", "robbery_personal"}),
        ("28A", None, {"acquisitive_crime", "burglary", "burglary_residential"}),
        ("28E", None, {"acquisitive_crime", "burglary", "burglary_residential"}),
        ("29C", None, {"acquisitive_crime", "burglary", "burglary_residential"}),
        ("30A", None, {"acquisitive_crime", "burglary", "burglary_business"}),
        ("31A", None, {"acquisitive_crime", "burglary", "burglary_business"}),
        ("46", None, {"acquisitive_crime", "shoplifting"}),
        ("39", None, {"acquisitive_crime", "theft_from_person"}),
        ("44", None, {"acquisitive_crime", "bicycle_theft"}),
        ("37.2", None, {"acquisitive_crime", "vehicle_crime"}),
        ("49", None, {"acquisitive_crime", "theft_other"}),
        ("35", None, {"acquisitive_crime", "theft_other"}),
        ("9A", "125/11", {"public_order", "public_order_s4"}),
        ("9A", "125/09", {"public_order", "public_order_s4a"}),
        ("9A", "125/12", {"public_order", "public_order_s5"}),
        ("9A", "068/25", {"public_order"}),
        ("9B", "008/55", {"public_order", "racially_religiously_aggravated_had"}),
        ("9B", "125/82", {"public_order", "racially_religiously_aggravated_had"}),
        ("9B", "066/91", {"public_order"}),
        ("9B", None, {"public_order"}),
        ("62A", "065/00", {"public_order", "violent_disorder"}),
        ("66", "066/01", {"public_order", "affray"}),
        ("66", "066/98", {"public_order"}),
        ("58A", None, set()),  # criminal damage
        ("33A", "105/01", set()),  # a sub-code under a class of another theme
    ],
)
def test_measures_by_class_and_sub_code(class_code: str, sub_code: str | None, measures: set[str]) -> None:
    counted = {name for name in MEASURES if crime(class_code=class_code, sub_code=sub_code).is_in(name)}
    assert counted == {"all_crime", *measures}
    assert not any(crime(class_code=class_code, status="cancelled").is_in(name) for name in MEASURES)


@pytest.mark.parametrize(
    ("tag", "measure"),
    [
        ("distraction", "distraction_theft"),
        ("gym", "gym_theft"),
        ("moped_snatch", "moped_snatch"),
        ("pedal_cycle_snatch", "pedal_cycle_snatch"),
        ("pickpocket", "pickpocketing"),
        ("bag_licensed_premises", "bag_theft_licensed_premises"),
    ],
)
def test_tags_count_within_acquisitive_crime(tag: str, measure: str) -> None:
    theft = crime(class_code="49", method_tags=f"something_else; {tag}")
    assert {name for name in MEASURES if theft.is_in(name)} == {
        "all_crime",
        "acquisitive_crime",
        "theft_other",
        measure,
    }
    assert not crime(class_code="34B", method_tags=tag).is_in(measure)
    assert not crime(class_code="49", method_tags=f"{tag}_attempt").is_in(measure)


def test_a_victim_counts_within_violence() -> None:
    assert crime(class_code="34B", victim_type="custody_officer").is_in("assault_custody_officer")
    assert not crime(class_code="34B", victim_type="staff").is_in("assault_custody_officer")
    assert not crime(class_code="9A", victim_type="custody_officer").is_in("assault_custody_officer")


def test_every_measure_has_one_theme_and_every_class_but_other_crime_a_first_measure() -> None:
    assert sorted(MEASURES) == sorted(name for names in THEMES.values() for name in names)
    for class_code, offence in CLASSES.items():
        themes = [name for name in PROFILED_THEMES if crime(class_code=class_code).is_in(name)]
        assert themes == ([] if offence.theme == "other_crime" else [offence.theme])


def test_performance_row_by_hand() -> None:
    model = Model([extract(ON_30_JUNE, crime(1), crime(2, "2019-06-01 00:00"), crime(3, "2019-06-30 00:00"))])
    row = of_measure(model.performance("violence"), "abh")[0]
    assert (row["record_source"], row["force"], row["month"], row["offences"]) == ("force", CITY, MAY, 0)
    june = of_measure(model.performance("violence"), "violence_with_injury")[1]
    names = ("coverage", "offences", "previous_month", "change", "change_pct", "base_note", "fytd", "fytd_previous")
    assert columns([june], *names) == [("complete", 2, 1, 1, 100.0, "no_percentage", None, None)]


# ---- restatements

CAUSES = (
    "recorded_late",
    "reinstated",
    "date_changed_in",
    "reclassified_in",
    "cancelled",
    "date_changed_out",
    "reclassified_out",
    "resupplied",
)


def restated(model: Model, measure: str, month: date = MAY) -> list[tuple[Any, ...]]:
    """Extract date, count, count before, and the causes that moved it, of what was not published first."""
    return [
        (
            row["extract_date"],
            row["offences"],
            row["previous_offences"],
            {cause: row[cause] for cause in CAUSES if row[cause]},
        )
        for row in of_measure(model.restatements(), measure)
        if row["month"] == month and not row["first_published"]
    ]


def published(model: Model, measure: str = "violence") -> list[tuple[Any, ...]]:
    rows = of_measure(model.restatements(), measure)
    return columns([row for row in rows if row["first_published"]], "force", "month", "extract_date", "offences")


def test_first_publication_by_hand() -> None:
    model = Model(
        [
            extract(ON_30_MAY, crime(1)),
            extract(ON_7_JUNE, crime(2)),
            extract(ON_31_JULY, crime(3, "2019-07-01 00:00")),
        ]
    )
    assert published(model) == [(CITY, MAY, ON_7_JUNE, 2), (CITY, JUNE, ON_31_JULY, 0), (CITY, JULY, ON_31_JULY, 1)]
    assert published(model, "abh")[0] == (CITY, MAY, ON_7_JUNE, 0)
    assert len(model.restatements()) == 3 * len(MEASURES)
    first = model.restatements()[0]
    assert first["record_source"] == "force"
    assert {first[name] for name in (*CAUSES, "previous_offences", "change")} == {None}


def test_each_cause_moves_the_count() -> None:
    model = Model(
        [
            extract(
                ON_31_MAY,
                crime(1),
                crime(2),
                crime(3),
                crime(4, class_code="46"),
                crime(5, status="cancelled"),
                crime(6),
            ),
            extract(
                ON_30_JUNE,
                crime(1, status="transferred"),
                crime(2, "2019-06-02 00:00"),
                crime(3, class_code="46"),
                crime(4),
                crime(5),
                crime(6, street="Poultry"),
                crime(7),
            ),
            extract(ON_31_JULY, crime(1), crime(2), crime(3), crime(5, status="cancelled")),
        ]
    )
    assert restated(model, "violence") == [
        # 1 cancelled, 2 to June, 3 reclassified; 4 reclassified, 5 reinstated, 7 late: 4 + 3 - 3, no move
        (
            ON_31_JULY,
            6,
            4,
            {"reinstated": 1, "date_changed_in": 1, "reclassified_in": 1, "cancelled": -1},
        ),
    ]
    assert restated(model, "all_crime") == [
        (
            ON_31_JULY,
            6,
            5,
            {"reinstated": 1, "date_changed_in": 1, "cancelled": -1},
        ),
    ]
    assert restated(model, "shoplifting") == [(ON_31_JULY, 0, 1, {"reclassified_out": -1})]
    assert restated(model, "violence", JUNE) == [(ON_31_JULY, 0, 1, {"date_changed_out": -1})]


def test_one_cause_of_each_kind_alone() -> None:
    before = extract(
        ON_31_MAY, crime(1), crime(2, status="cancelled"), crime(3, "2019-06-01 00:00", status="cancelled")
    )

    def cause(*rows: Crime) -> list[tuple[int, dict[str, int]]]:
        rows_of_may = restated(Model([before, extract(ON_31_JULY, *rows)]), "violence")
        return [(offences, causes) for _, offences, _, causes in rows_of_may]

    assert cause(crime(4)) == [(2, {"recorded_late": 1})]
    assert cause(crime(2)) == [(2, {"reinstated": 1})]
    assert cause(crime(3)) == [(2, {"reinstated": 1})]  # reinstated goes before its move from June
    assert cause(crime(1, status="cancelled")) == [(0, {"cancelled": -1})]
    assert cause(crime(1, "2019-06-01 00:00", status="cancelled")) == [(0, {"cancelled": -1})]
    assert cause(crime(1, "2019-06-01 00:00")) == [(0, {"date_changed_out": -1})]
    assert cause(crime(1, "2019-06-01 00:00", class_code="46")) == [(0, {"date_changed_out": -1})]
    assert cause(crime(1, class_code="46")) == [(0, {"reclassified_out": -1})]
    assert cause(crime(4, status="cancelled")) == []
    assert cause(crime(1, committed_from="2019-05-01 00:00")) == []


def test_month_and_class_at_once_is_a_change_of_date_on_both_sides() -> None:
    model = Model(
        [
            extract(ON_30_JUNE, crime(1), crime(2), crime(3, "2019-06-01 00:00", class_code="46")),
            extract(ON_31_JULY, crime(1, "2019-06-05 00:00", class_code="46")),
        ]
    )
    assert restated(model, "violence") == [(ON_31_JULY, 1, 2, {"date_changed_out": -1})]
    assert restated(model, "shoplifting", JUNE) == [(ON_31_JULY, 2, 1, {"date_changed_in": 1})]
    assert restated(model, "all_crime", JUNE) == [(ON_31_JULY, 2, 1, {"date_changed_in": 1})]


def test_moves_of_a_sub_code_or_a_tag_are_reclassifications() -> None:
    model = Model(
        [
            extract(ON_31_MAY, crime(1, sub_code="008/06"), crime(2, class_code="49", method_tags="gym")),
            extract(ON_7_JUNE, crime(1, sub_code="008/01"), crime(2, class_code="49", method_tags="pickpocket")),
        ]
    )
    assert restated(model, "abh") == [(ON_7_JUNE, 0, 1, {"reclassified_out": -1})]
    assert restated(model, "gbh_without_intent") == [(ON_7_JUNE, 1, 0, {"reclassified_in": 1})]
    assert restated(model, "gym_theft") == [(ON_7_JUNE, 0, 1, {"reclassified_out": -1})]
    assert restated(model, "pickpocketing") == [(ON_7_JUNE, 1, 0, {"reclassified_in": 1})]
    assert restated(model, "violence") == restated(model, "acquisitive_crime") == []


def test_a_month_before_the_first_record_is_published_when_the_first_month_moves_back() -> None:
    model = Model(
        [
            extract(ON_30_JUNE, crime(1, "2019-06-01 00:00")),
            extract(ON_7_JULY, crime(2)),
            extract(ON_31_JULY, crime(3), crime(2, "2019-06-01 00:00")),
            extract(ON_7_AUGUST, crime(3, "2019-06-01 00:00")),
        ]
    )
    assert published(model) == [(CITY, JUNE, ON_30_JUNE, 1), (CITY, MAY, ON_7_JULY, 1), (CITY, JULY, ON_31_JULY, 0)]
    # in July one came late and one moved to June: no move; in August May empties, and stays
    assert restated(model, "violence") == [(ON_7_AUGUST, 0, 1, {"date_changed_out": -1})]
    assert columns(model.coverage(), "month") == [(JUNE,), (JULY,)]


def test_a_force_publishes_at_its_own_extracts() -> None:
    model = Model(
        [
            extract(ON_30_JUNE, crime(1, "2019-06-01 00:00")),
            extract(ON_7_JULY, crime(2), force=KENT),
            extract(ON_31_JULY),
        ]
    )
    assert published(model) == [
        (CITY, JUNE, ON_30_JUNE, 1),
        (CITY, MAY, ON_31_JULY, 0),  # Kent's record made May a month of the source
        (CITY, JULY, ON_31_JULY, 0),
        (KENT, MAY, ON_7_JULY, 1),
        (KENT, JUNE, ON_7_JULY, 0),
    ]


def test_rejected_and_superseded_files_are_no_extracts() -> None:
    model = Model(
        [
            extract(ON_31_MAY, crime(1), crime(2)),
            extract(ON_31_MAY, crime(1), revision=2),
            rejected(ON_7_JUNE),
            extract(ON_7_JULY, crime(2)),
        ]
    )
    assert published(model) == [(CITY, MAY, ON_31_MAY, 1), (CITY, JUNE, ON_7_JULY, 0)]
    assert restated(model, "violence") == [(ON_7_JULY, 2, 1, {"recorded_late": 1})]


# ---- when


def spread(start: str, end: str | None) -> dict[tuple[int, int], Fraction]:
    return aoristic(datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)


# 2019-05-10 is a Friday.
@pytest.mark.parametrize(
    ("start", "end", "weights"),
    [
        ("2019-05-10 23:59:59", None, {(5, 23): Fraction(1)}),
        ("2019-05-10 18:00", "2019-05-10 18:00", {(5, 18): Fraction(1)}),
        ("2019-05-10 18:10", "2019-05-10 18:40", {(5, 18): Fraction(1)}),
        ("2019-05-10 18:00", "2019-05-10 19:00", {(5, 18): Fraction(1)}),  # up to the hour is not in the next one
        ("2019-05-10 18:50", "2019-05-10 19:20", {(5, 18): Fraction(1, 3), (5, 19): Fraction(2, 3)}),
        ("2019-05-10 23:45", "2019-05-11 00:45", {(5, 23): Fraction(1, 4), (6, 0): Fraction(3, 4)}),
        ("2019-05-12 23:30", "2019-05-13 00:30", {(7, 23): Fraction(1, 2), (1, 0): Fraction(1, 2)}),
        ("2019-05-31 23:30", "2019-06-01 00:30", {(5, 23): Fraction(1, 2), (6, 0): Fraction(1, 2)}),
        ("2019-05-10 12:59:59", "2019-05-10 13:00:01", {(5, 12): Fraction(1, 2), (5, 13): Fraction(1, 2)}),
        # clocks go forward at 01:00 and back at 02:00 on these Sundays: hours are wall-clock hours all the same
        (
            "2019-03-31 00:30",
            "2019-03-31 02:30",
            {(7, 0): Fraction(1, 4), (7, 1): Fraction(1, 2), (7, 2): Fraction(1, 4)},
        ),
        ("2019-10-27 01:00", "2019-10-27 03:00", {(7, 1): Fraction(1, 2), (7, 2): Fraction(1, 2)}),
    ],
)
def test_a_record_is_spread_over_the_hours_of_its_span(
    start: str, end: str | None, weights: dict[tuple[int, int], Fraction]
) -> None:
    assert spread(start, end) == weights


def test_a_week_is_spread_in_proportion_and_more_evenly() -> None:
    week = spread("2019-05-10 12:20", "2019-05-17 12:20")
    assert set(week.values()) == {Fraction(1, 168)}  # 40 minutes of the first Friday's hour, 20 of the next
    assert len(week) == 168
    just_under = spread("2019-05-10 12:20", "2019-05-17 12:19:59")
    assert just_under[5, 12] == Fraction(3599, 168 * 3600 - 1)
    just_over = spread("2019-05-10 12:20", "2019-05-17 12:20:01")
    assert set(just_over.values()) == {Fraction(1, 168)}
    assert sum(just_over.values()) == sum(just_under.values()) == 1
    days = spread("2019-05-10 12:00", "2019-05-12 12:00")
    assert (len(days), set(days.values())) == (48, {Fraction(1, 48)})


@pytest.mark.parametrize(
    ("weekday", "hour", "night"),
    [
        (5, 17, None),
        (5, 18, "Friday"),
        (5, 23, "Friday"),
        (6, 0, "Friday"),
        (6, 5, "Friday"),
        (6, 6, None),
        (1, 0, "Sunday"),
    ],
)
def test_night_of(weekday: int, hour: int, night: str | None) -> None:
    assert night_of(weekday, hour) == night


def test_temporal_and_untimed_by_hand() -> None:
    model = Model(
        [
            extract(
                ON_30_JUNE,
                crime(1, committed_from="2019-05-03 23:30", committed_to="2019-05-04 00:30"),
                crime(2, committed_from="2019-05-03 23:10"),
                crime(3, "2019-06-01 00:00", committed_from="2019-04-30 12:00"),
                crime(4),
                crime(5, committed_to="2019-05-03 23:10"),  # an end alone tells no time
                crime(6, committed_from="2019-05-03 23:10", status="cancelled"),
            )
        ]
    )
    rows = of_measure(model.temporal("violence"), "violence")
    names = ("month", "weekday", "weekday_name", "hour", "is_nte", "night_of", "offences", "offences_by_start")
    assert columns(rows, *names) == [
        (MAY, 5, "Friday", 23, True, "Friday", 1.5, 2),
        (MAY, 6, "Saturday", 0, True, "Friday", 0.5, 0),
        (JUNE, 2, "Tuesday", 12, False, None, 1.0, 1),
    ]
    assert columns(of_measure(model.untimed("violence"), "violence"), "force", "month", "untimed") == [(CITY, MAY, 2)]
    assert of_measure(model.untimed("violence"), "abh") == []


# ---- where


def test_hotspots_by_hand() -> None:
    places = {"street": "Poultry", "ward": "Cheap", "premises": "The Counting House"}
    model = Model(
        [
            extract(
                ON_30_JUNE,
                crime(1, **places),
                crime(2, street="Poultry", ward="Walbrook"),
                crime(3, street="Cheapside"),
                crime(4, street="Cheapside", status="cancelled"),
                crime(5, "2019-06-01 00:00", ward="Cheap"),
                crime(6, "2019-06-02 00:00", ward="Cheap"),
            ),
        ]
    )
    rows = of_measure(model.hotspots("violence"), "violence")
    names = ("month", "place_type", "place", "offences", "share_pct", "rank", "repeat_months")
    assert sorted(columns(rows, *names)) == [
        (MAY, "premises", "The Counting House", 1, 33.3, 1, 0),
        (MAY, "street", "Cheapside", 1, 33.3, 2, 0),
        (MAY, "street", "Poultry", 2, 66.7, 1, 1),
        (MAY, "ward", "Cheap", 1, 33.3, 1, 0),
        (MAY, "ward", "Walbrook", 1, 33.3, 1, 0),
        (JUNE, "ward", "Cheap", 2, 100.0, 1, 1),
    ]
    assert {(row["record_source"], row["force"]) for row in rows} == {("force", CITY)}


# ---- details of themes


def test_violence_profile_by_hand() -> None:
    model = Model(
        [
            extract(date(2019, 1, 31), crime(1, "2019-01-05 12:00")),
            extract(
                date(2019, 7, 31),
                crime(
                    2,
                    "2019-02-05 12:00",
                    committed_from="2019-01-31 23:00",  # Thursday night
                    committed_to="2019-02-01 00:00",
                    alcohol=True,
                    domestic_abuse=False,
                    circumstance="domestic",
                ),
                crime(3, "2019-02-06 12:00", committed_from="2019-01-31 17:59:59", drugs=True),
                crime(4, "2019-07-31 12:00", committed_from="2019-07-07 05:59:59", circumstance="other"),  # Saturday
                crime(5, "2019-07-31 12:00", committed_from="2019-07-29 01:00"),  # Sunday night
                crime(6, "2019-07-31 12:00", committed_to="2019-01-31 01:00"),
                crime(7, "2019-07-31 12:00", class_code="34B"),  # not in the assault profile
            ),
        ]
    )
    first, second = model.violence_profile()
    assert (first["window_from"], first["offences"]) == (date(2019, 1, 1), 3)
    assert second == {
        "force": CITY,
        "window_from": date(2019, 2, 1),
        "window_to": date(2019, 7, 31),
        "offences": 5,
        "previous_six_months": None,
        "change_pct": None,
        "committed_before_window": 2,  # 3 and 6; 2 ended as February began
        "nte": 3,
        "nte_share_pct": 60.0,
        "thu_sat_nights": 2,
        "alcohol": 1,
        "domestic_abuse": 0,
        "drugs": 1,
        "staff_victim": 0,
        "domestic": 1,
        "colleagues": 0,
        "by_staff": 0,
        "road_rage": 0,
        "other": 1,
        "not_classified": 3,
    }
    assert model.violence_profile(date(2019, 7, 30)) == []


def test_windows_of_the_violence_profile_are_complete_and_the_six_months_before_have_counts() -> None:
    model = Model(
        [
            rejected(date(2018, 1, 15)),  # January is partial
            extract(date(2018, 1, 31), crime(1, "2018-01-05 12:00"), crime(2, "2018-01-05 12:00")),
            extract(date(2018, 12, 31), crime(3, "2018-12-05 12:00")),
            extract(date(2019, 1, 31)),
        ]
    )
    names = ("window_from", "offences", "previous_six_months", "change_pct", "nte_share_pct")
    assert columns(model.violence_profile(), *names) == [
        (date(2018, 2, 1), 0, None, None, None),
        (date(2018, 3, 1), 0, None, None, None),
        (date(2018, 4, 1), 0, None, None, None),
        (date(2018, 5, 1), 0, None, None, None),
        (date(2018, 6, 1), 0, None, None, None),
        (date(2018, 7, 1), 1, 2, -50.0, 0.0),
        (date(2018, 8, 1), 1, 0, None, 0.0),
    ]


def test_methods_and_operations_by_hand() -> None:
    model = Model(
        [
            extract(
                ON_31_MAY,
                crime(1, class_code="49", method_tags="gym;pickpocket", operation="TUNDRA"),
                crime(2, class_code="49", method_tags="gym", operation="TUNDRA"),
                crime(3, class_code="49", method_tags="gym", operation="TUNDRA", status="cancelled"),
                crime(4, class_code="34B", method_tags="gym", operation="TUNDRA"),
                crime(5, class_code="46", operation="ROSE"),
            )
        ]
    )
    assert model.acquisitive_methods() == [
        {"force": CITY, "month": MAY, "method": "gym_theft", "offences": 2},
        {"force": CITY, "month": MAY, "method": "pickpocketing", "offences": 1},
    ]
    assert model.acquisitive_operations() == [
        {"force": CITY, "month": MAY, "operation": "ROSE", "offences": 1},
        {"force": CITY, "month": MAY, "operation": "TUNDRA", "offences": 2},
    ]


def test_recording_timeliness_by_hand() -> None:
    model = Model(
        [
            extract(
                ON_30_JUNE,
                crime(1, "2019-05-10 12:00", reported_at="2019-05-09 12:00"),  # 24 hours
                crime(2, "2019-05-10 12:00", reported_at="2019-05-09 11:59:59"),
                crime(3, "2019-05-01 00:00", reported_at="2019-04-30 23:59:59", class_code="46"),
                crime(4),
                crime(5, reported_at="2019-05-10 12:00", status="cancelled"),
                crime(6, "2019-06-10 12:00"),
            )
        ]
    )
    assert model.recording_timeliness() == [
        {
            "force": CITY,
            "month": MAY,
            "recorded": 3,
            "recorded_within_24h": 2,
            "share_pct": 66.7,
            "recorded_later_month": 1,
            "later_month_pct": 33.3,
        }
    ]
