"""Months, each told by its first day."""

import calendar
from datetime import date


def last_of_month(month: date) -> date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def months_later(month: date, number_of_months: int) -> date:
    """The month so many months later (earlier when negative)."""
    years, index = divmod(month.month - 1 + number_of_months, 12)
    return date(month.year + years, index + 1, 1)


def span(first: date, last: date) -> list[date]:
    """Every month from the first to the last one, both included."""
    months = [first]
    while months[-1] < last:
        months.append(months_later(months[-1], 1))
    return months


def last_months(month: date, number_of_months: int) -> list[date]:
    """So many months, the given one last."""
    return span(months_later(month, 1 - number_of_months), month)


def start_of_financial_year(month: date) -> date:
    return date(month.year if month.month >= 4 else month.year - 1, 4, 1)
