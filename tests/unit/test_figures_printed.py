"""Values as a report prints them: read, compared and shown."""

from typing import Any

import pytest

from flows.operate.printed import Kind, items, same, shown


@pytest.mark.parametrize(
    ("printed", "got", "is_same", "said"),
    [
        ("132", 132, True, "132"),
        ("132", 133, False, "133"),
        ("57.1", 100 * 48 / 84, True, "57.1"),
        ("57.14", 100 * 48 / 84, True, "57.14"),
        ("57.15", 100 * 48 / 84, False, "57.14"),
        ("-9.63", 100 * -13 / 135, True, "-9.63"),
        ("33.0", 33.0, True, "33.0"),
        ("-100", -100.0, True, "-100"),
        ("0", 0, True, "0"),
        # Half away from zero, also where a double is a little off.
        ("12.5", 12.45, True, "12.5"),
        ("-12.5", -12.45, True, "-12.5"),
        ("13", 12.5, True, "13"),
        ("-13", -12.5, True, "-13"),
        ("0.3", 0.1 + 0.2, True, "0.3"),
        ("1", None, False, None),
    ],
)
def test_numbers_are_the_same_at_the_decimals_printed(printed: str, got: Any, is_same: bool, said: str | None) -> None:
    assert same(Kind.number, printed, got) is is_same
    assert shown(Kind.number, printed, got) == said


@pytest.mark.parametrize(
    ("kind", "printed", "found"),
    [
        (Kind.days, "Thursday or Sunday", ["Thursday", "Sunday"]),
        (Kind.days, "Friday, Saturday, Sunday in NTE", ["Friday", "Saturday", "Sunday"]),
        (Kind.hours, "2300-0100", [23, 0]),
        (Kind.hours, "2100-0000", [21, 22, 23]),
        (Kind.hours, "1900-2000 and 2200-2300", [19, 22]),
        (Kind.hours, "1500-1700 and 2000-0200", [15, 16, 20, 21, 22, 23, 0, 1]),
        (Kind.hours, "15:00-17:59", [15, 16, 17]),
        (Kind.hours, "03:00-06:00", [3, 4, 5]),
        (Kind.hours, "0000-0000", list(range(24))),
        (Kind.week_hours, "Mon-Tue 1300-1500 and Sun 2300-0000", [13, 14, 37, 38, 167]),
        (Kind.places, "Bishopsgate / King William Street", ["Bishopsgate", "King William Street"]),
        (Kind.order, "Alcohol, then Domestic Abuse and Drugs", ["alcohol", "domestic abuse", "drugs"]),
        (Kind.text, "June", ["june"]),
    ],
)
def test_what_a_value_names(kind: Kind, printed: str, found: list[Any]) -> None:
    assert items(kind, printed) == found


@pytest.mark.parametrize(
    ("kind", "printed", "got", "is_same"),
    [
        (Kind.days, "Thursday and Friday", ["Friday", "Thursday"], True),
        (Kind.days, "Thursday and Friday", ["Thursday"], False),
        (Kind.days, "Thursday and Friday", ["Thursday", "Friday", "Saturday"], False),
        (Kind.days, "Thursday and Friday", ["Thursday", "Thursday", "Friday"], False),
        (Kind.hours, "2300-0100", [0, 23], True),
        (Kind.hours, "2300-0100", [23], False),
        (Kind.places, "Bishopsgate", ["Cheapside"], False),
        (Kind.order, "Alcohol and Drugs", ["drugs", "alcohol"], False),
        (Kind.order, "Alcohol and Drugs", ["alcohol", "drugs"], True),
        (Kind.places, "Bishopsgate / Cheapside", ["Cheapside", "Bishopsgate"], True),
        (Kind.week_hours, "Mon 1300-1500", [13, 14], True),
        (Kind.text, "fortnightly", "Fortnightly", True),
        (Kind.text, "fortnightly", "weekly", False),
        (Kind.days, "Thursday", None, False),
    ],
)
def test_sets_are_compared_as_sets_and_orders_as_orders(kind: Kind, printed: str, got: Any, is_same: bool) -> None:
    assert same(kind, printed, got) is is_same


@pytest.mark.parametrize(
    ("kind", "got", "said"),
    [
        (Kind.hours, [0, 23, 5], "0500-0600, 2300-0100"),
        (Kind.hours, list(range(24)), "0000-0000"),
        (Kind.hours, [21, 22, 23], "2100-0000"),
        (Kind.week_hours, [13, 14, 37, 38, 85, 61], "Mon-Tue 1300-1500, Wed-Thu 1300-1400"),
        (Kind.week_hours, [20, 68], "Mon 2000-2100, Wed 2000-2100"),
        (Kind.places, ["Bishopsgate", "Cheapside"], "Bishopsgate, Cheapside"),
        (Kind.text, "June", "June"),
        (Kind.hours, None, None),
    ],
)
def test_an_answer_is_shown_as_a_report_would_print_it(kind: Kind, got: Any, said: str | None) -> None:
    assert shown(kind, "1200-1300", got) == said


@pytest.mark.parametrize(
    ("kind", "printed"),
    [
        (Kind.number, "about ten"),
        (Kind.number, ""),
        (Kind.days, "at night"),
        (Kind.hours, "in the evening"),
        (Kind.week_hours, "1300-1500"),
        (Kind.places, " / "),
        (Kind.text, ""),
    ],
)
def test_a_value_that_names_nothing(kind: Kind, printed: str) -> None:
    with pytest.raises(ValueError, match="names no"):
        items(kind, printed)
