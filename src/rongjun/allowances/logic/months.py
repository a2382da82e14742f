"""Months as whole numbers, so that a run of seventeen years is arithmetic and not calendars."""

from calendar import monthrange
from datetime import date
from typing import NewType

# Months since the year 0: year * 12 + month - 1. Allowances are paid by the month, never by the day.
Month = NewType("Month", int)


def month_at(year: int, month: int) -> Month:
    """The month of a year; January is 1."""
    assert 1 <= month <= 12
    return Month(year * 12 + month - 1)


def month_of(day: date) -> Month:
    """The month a day lies in."""
    return Month(day.year * 12 + day.month - 1)


def next_month(month: int) -> Month:
    """The following month."""
    return Month(month + 1)


def first_day(month: int) -> date:
    """The month's first day."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """The month's last day."""
    year, number = month // 12, month % 12 + 1
    return date(year, number, monthrange(year, number)[1])


def next_january(day: date) -> Month:
    """January of the year after a day (次年 1 月)."""
    return month_at(day.year + 1, 1)


def month_text(month: int) -> str:
    """`2024-09`."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def read_month(text: str) -> Month:
    """The month `2024-09` names; anything else raises `ValueError`."""
    day = date.fromisoformat(f"{text}-01")
    return month_of(day)


def months_in_chinese(first: int, last: int) -> str:
    """`2024 年 9 月` or `2024 年 9 月至 2025 年 2 月`; the year is said once when it is the same."""
    start = f"{first // 12} 年 {first % 12 + 1} 月"
    if first == last:
        return start
    end = f"{last % 12 + 1} 月" if first // 12 == last // 12 else f"{last // 12} 年 {last % 12 + 1} 月"
    return f"{start}至 {end}"


def after_months(day: date, months: int) -> date:
    """The day `months` months later; where that month has no such day, its last (民法典第二百零二条)."""
    target = month_of(day) + months
    return min(last_day(target), first_day(target).replace(day=min(day.day, last_day(target).day)))
