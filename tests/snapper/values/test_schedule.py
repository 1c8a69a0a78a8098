"""EventBridge's schedules, read as AWS reads them; most cron examples are its user guide's."""

from datetime import UTC, datetime, timedelta

import pytest

from snapper.values.schedule import Rate, ScheduleInvalid, parse_schedule, why_never

MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def runs(expression: str, count: int, after: datetime = MONDAY) -> list[str]:
    """The next runs of a schedule, as "Mon 23 Nov 12:00"."""
    schedule, found = parse_schedule(expression), []
    for _ in range(count):
        after = schedule.next_after(after)  # type: ignore[assignment]
        found.append(f"{after:%a %d %b %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # 10:15 each day
        ("cron(15 10 * * ? *)", ["Tue 24 Nov 10:15", "Wed 25 Nov 10:15"]),
        # 18:00 Monday to Friday
        ("cron(0 18 ? * MON-FRI *)", ["Mon 23 Nov 18:00", "Tue 24 Nov 18:00"]),
        # 08:00 on the first day of the month
        ("cron(0 8 1 * ? *)", ["Tue 01 Dec 08:00", "Fri 01 Jan 08:00"]),
        # every 10 minutes on weekdays
        ("cron(0/10 * ? * MON-FRI *)", ["Mon 23 Nov 12:10", "Mon 23 Nov 12:20"]),
        # every 5 minutes from 08:00 to 17:55 on weekdays
        ("cron(0/5 8-17 ? * MON-FRI *)", ["Mon 23 Nov 12:05", "Mon 23 Nov 12:10"]),
        # 09:00 on the first Monday of each month
        ("cron(0 9 ? * 2#1 *)", ["Mon 07 Dec 09:00", "Mon 04 Jan 09:00"]),
        # 12:00 each day
        ("cron(0 12 * * ? *)", ["Tue 24 Nov 12:00", "Wed 25 Nov 12:00"]),
        # 10:15 on the last Friday of each month
        ("cron(15 10 ? * 6L *)", ["Fri 27 Nov 10:15", "Fri 25 Dec 10:15"]),
        # the last day of the month, and the working day nearest to the 15th
        ("cron(0 0 L * ? *)", ["Mon 30 Nov 00:00", "Thu 31 Dec 00:00"]),
        ("cron(0 0 15W * ? *)", ["Tue 15 Dec 00:00", "Fri 15 Jan 00:00", "Mon 15 Feb 00:00"]),
        ("cron(0 0 1W 8 ? *)", ["Mon 02 Aug 00:00"]),  # 1 August 2027 is a Sunday
        ("cron(0 0 1W 5 ? *)", ["Mon 03 May 00:00"]),  # 1 May 2027 is a Saturday: never in April
        ("cron(0 3 ? * L *)", ["Sat 28 Nov 03:00"]),  # the last day of the week is Saturday
        ("cron(0 3 ? JAN,jul sun *)", ["Sun 03 Jan 03:00"]),
        ("cron(0 0/8 * * ? *)", ["Mon 23 Nov 16:00", "Tue 24 Nov 00:00", "Tue 24 Nov 08:00"]),
        ("cron(0 3 29 2 ? *)", ["Tue 29 Feb 03:00"]),  # of 2028
    ],
)
def test_a_cron_fires_when_aws_fires_it(expression: str, expected: list[str]) -> None:
    assert runs(expression, len(expected)) == expected


def test_the_years_of_a_cron_come_to_an_end() -> None:
    schedule = parse_schedule("cron(0 3 1 1 ? 2027)")
    first = schedule.next_after(MONDAY)
    assert first == datetime(2027, 1, 1, 3, tzinfo=UTC)
    assert schedule.next_after(first) is None
    assert parse_schedule("cron(0 3 * * ? 2020-2025)").next_after(MONDAY) is None


@pytest.mark.parametrize(
    ("expression", "pause"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(1 day)", timedelta(days=1)),
        ("rate(12 hours)", timedelta(hours=12)),
        ("cron(0 3 * * ? *)", timedelta(days=1)),
        ("cron(0 3 ? * MON-FRI *)", timedelta(days=3)),
        ("cron(0 8-17 * * ? *)", timedelta(hours=15)),
        ("cron(0 3 1 * ? *)", timedelta(days=31)),
        ("cron(0 3 1 1 ? *)", timedelta(days=366)),
        ("cron(0 3 ? * 2#5 *)", timedelta(days=91)),
    ],
)
def test_the_longest_pause_is_what_a_backup_may_be_late_by(
    expression: str, pause: timedelta
) -> None:
    assert parse_schedule(expression).longest_pause() == pause


def test_of_a_rate_nobody_can_tell_the_next_run() -> None:
    assert parse_schedule("rate(2 hours)") == Rate(timedelta(hours=2))
    assert parse_schedule("rate(2 hours)").next_after(MONDAY) is None


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("", "must be rate"),
        ("daily", "must be rate"),
        ("rate(0 days)", "must be rate"),
        ("rate(1 week)", "must be rate"),
        ("rate( 1 day)", "must be rate"),
        ("rate(1 days)", r"rate\(1 day\)"),
        ("rate(2 day)", r"rate\(2 days\)"),
        ("cron(0 3 * * *)", "5 cron fields"),
        ("cron(0 3 * * * *)", r"\?"),
        ("cron(0 3 ? * ? *)", r"\?"),
        ("cron(60 3 * * ? *)", "60 as its minutes"),
        ("cron(0 24 * * ? *)", "24 as its hours"),
        ("cron(0 3 32 * ? *)", "32 as its day of month"),
        ("cron(0 3 * 13 ? *)", "13 as its month"),
        ("cron(0 3 ? * 8 *)", "8 as its day of week"),
        ("cron(0 3 ? * MUN *)", "MUN as its day of week"),
        ("cron(0 3 * * ? 1969)", "1969 as its year"),
        ("cron(5-1 3 * * ? *)", "5-1 as its minutes"),
        ("cron(0/0 3 * * ? *)", "0/0 as its minutes"),
        ("cron(0/ 3 * * ? *)", "0/ as its minutes"),
        ("cron(, 3 * * ? *)", ", as its minutes"),
        ("cron(0 3 ? * 9#1 *)", "9 as its day of week"),
        ("cron(0 3 0W * ? *)", "0 as its day of month"),
        ("cron(0 3 32W * ? *)", "32 as its day of month"),
        ("cron(0 3 ? * MON-FRI#1 *)", "day of week"),
        ("cron(0 3 1-5W * ? *)", "W as its day of month"),
        ("cron(\u0661 3 * * ? *)", "minutes"),
    ],
)
def test_what_aws_would_refuse_is_refused_with_its_fault(expression: str, fault: str) -> None:
    with pytest.raises(ScheduleInvalid, match=fault):
        parse_schedule(expression)


def test_a_day_that_never_comes_has_no_run() -> None:
    assert parse_schedule("cron(0 3 31 2 ? *)").next_after(MONDAY) is None


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("rate(1 day)", ""),
        ("cron(0 3 29 2 ? *)", ""),
        ("cron(0 3 ? 2 MON#5 *)", ""),
        ("cron(31 2 31 2 ? *)", "never fires: there is no such day"),
        ("cron(0 3 30,31 FEB ? 2027-2199)", "never fires: there is no such day"),
        ("cron(0 3 29 2 ? 2027)", "never fires: there is no such day"),
        ("cron(0 3 31 4,6,9,11 ? *)", "never fires: there is no such day"),
        ("cron(0 3 * * ? 2020-2025)", "never fires again: all of its days are over"),
        ("cron(0 3 1 JAN ? 2026)", "never fires again: all of its days are over"),
    ],
)
def test_it_is_told_why_a_schedule_never_fires(expression: str, why: str) -> None:
    assert why_never(parse_schedule(expression), MONDAY) == why
