"""`snapper evidence`: what an auditor asks for, as a page that can be filed."""

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from snapper.cli import render
from snapper.cli.backup_options import read_at
from snapper.cli.evidence_page import Page
from snapper.cli.lines import warn
from snapper.cli.list import to_dict as backup_to_dict
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.stage import Stage
from snapper.errors import SettingsError
from snapper.values.incident import Incident
from snapper.values.job import write_time
from snapper.values.rules import to_json
from snapper.verbs.evidence import Evidence, Recovery, gather, read_logs
from snapper.verbs.private_file import new_private

_USUAL = timedelta(days=90)
_HEADERS = ("database", "backups", "newest", "proven", "recovery", "failures")


def evidence(
    context: typer.Context,
    keys: KeysArgument = None,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="TIME", help="From when on: 2026-11-01. Default: 90 days ago."
        ),
    ] = "",
    html: Annotated[
        str, typer.Option("--html", metavar="FILE", help="Write a page; - is stdout.")
    ] = "",
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show that backups are made and can be restored: what an auditor asks for.

    Every backup with its digest and verdict, every restore for the proof with the time that it
    took, and what failed, with the reason and when that was mended: by the backup itself, or any
    later one. --html writes it as one page without scripts, with a chart, to be filed or printed.
    Backups that retention has deleted are not in it, and failures are known as far back as the
    functions' logs are kept.
    """
    if json and html:
        raise SettingsError("--json and --html are two forms of the same", hint="choose one")
    outcome: Outcome = context.obj
    until = datetime.now(UTC)
    begin = _read_since(since) if since else until - _USUAL
    if begin >= until:
        raise SettingsError(
            f"--since {since} is not before now", hint="name a day that is past, as 2026-11-01"
        )
    if html and html != "-" and Path(html).exists():
        raise SettingsError(f"{html} exists already", hint="remove it, or name another file")
    opened = Stage.open(stage, profile, region)
    prover = opened.prover_logs
    logged = read_logs(opened.logs, prover, begin)
    ours = set(opened.parameters.database_keys())
    found = [
        gather(
            opened.vault,
            each,
            opened.parameters.retention(each) if each in ours else None,
            logged,
            begin,
            until,
        )
        for each in opened.databases(*keys or ())
    ]
    if html:
        page = Page(stage, opened.service.bucket, begin, until, found, logged.unread)
        _write(page.render(), html)
        if html != "-":
            render.say(f"{html}: the evidence of {render.number(len(found), 'database')}")
    elif json:
        render.document(
            {
                "stage": stage,
                "since": write_time(begin),
                "until": write_time(until),
                "unread": list(logged.unread),
                "databases": [_to_dict(each) for each in found],
            }
        )
    else:
        render.table(_HEADERS, [_row(each) for each in found])
    outcome.answered = True
    for each in logged.unread:
        warn(each)


def _read_since(text: str) -> datetime:
    """Read the option: a day means from its beginning on."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        at = read_at(text, option="--since")
    if at is None:
        raise SettingsError("--since latest is not a time", hint="such as 2026-11-01")
    return at


def _write(page: str, target: str) -> None:
    """Write the page for this user alone, whole or not at all, and over nothing."""
    if target == "-":
        sys.stdout.write(page)
        return
    path = Path(target)
    if not path.name:
        raise SettingsError(f"{target} is no name of a file")
    try:
        with new_private(path) as file:
            file.write(page.encode())
    except OSError as error:
        raise SettingsError(
            f"{target} cannot be written: {error.strerror}", hint="name one in a folder of yours"
        ) from None


def _row(each: Evidence) -> tuple[str, ...]:
    newest = next(iter(each.good), None)
    failures = len(each.failures) + len(each.failed_drills)
    return (
        each.database,
        f"{len(each.good)}",
        write_time(newest.begun_at) if newest else "NO BACKUP",
        f"{each.proven}",
        f"{each.recoveries[-1].seconds:.1f} s" if each.recoveries else "",
        f"{failures}, {each.open} not mended" if each.open else f"{failures}",
    )


def _to_dict(each: Evidence) -> dict[str, Any]:
    pause = each.longest_pause
    return {
        "database": each.database,
        "retention": None if each.retention is None else to_json(each.retention),
        "proven": each.proven,
        "longest_pause_seconds": pause.total_seconds() if pause else None,
        "backups": [backup_to_dict(one) for one in each.backups],
        "recoveries": [_recovery(one) for one in each.recoveries],
        "failures": [_incident(one) for one in each.failures],
        "failed_drills": [_incident(one) for one in each.failed_drills],
    }


def _recovery(each: Recovery) -> dict[str, Any]:
    times = {"taken_at": write_time(each.taken_at), "at": write_time(each.at)}
    return {**asdict(each), **times}


def _incident(each: Incident) -> dict[str, Any]:
    return {
        "scheduled_at": write_time(each.scheduled_at),
        "first_at": write_time(each.first_at),
        "last_at": write_time(each.last_at),
        "attempts": each.attempts,
        "reason": each.reason,
        "mended_at": write_time(each.mended_at) if each.mended_at else None,
    }
