"""`snapper list`: the backups there are, newest first."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from snapper.cli import render
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.source import FromOption, open_stage
from snapper.values.clock import AHEAD
from snapper.values.job import write_time
from snapper.values.pin import Pin, said_until
from snapper.values.recipients import short
from snapper.values.verification import WITHOUT_OPENING, FailedTrial, Verification
from snapper.verbs.catalog import Listed, to_public
from snapper.verbs.listings import listings

_HEADERS = ("database", "taken at", "age", "size", "stored", "server", "took", "verified")
_SPARE = ("took", "server", "size", "age", "stored")
_SEALED = "sealed for"


def list_backups(
    keys: KeysArgument = None,
    source: FromOption = "",
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show the complete backups, newest first.

    `taken at` is the time the backup was due, or begun if that was more than 15 minutes later, in
    UTC; `size` is the plain dump, `stored` the compressed object. Databases that are no longer
    backed up are listed while they have backups. Unfinished backups are not listed; one whose
    object does not match its manifest is DAMAGED. What its database has and it `lacks` is named:
    `status` and `doctor` say more. One that bears a time which is still to come is
    STAMPED LATER THAN NOW: it is never counted, and never the latest. One that is `pinned` stays,
    whatever retention decides. Where any is sealed it is told whose keys open each.
    """
    opened, now = open_stage(stage, profile, region, source), datetime.now(UTC)
    found = listings(opened.vault, opened.databases(*keys or ()), now)
    if json:
        render.document(
            {
                "stage": stage,
                "databases": {
                    database: [to_dict(each) for each in backups]
                    for database, backups in found.items()
                },
            }
        )
        return
    shown = [(database, each) for database, backups in found.items() for each in backups]
    rows = [_row(database, each, now) for database, each in shown]
    headers: tuple[str, ...] = _HEADERS
    if any(each.manifest and each.manifest.recipients for _, each in shown):
        headers = (*_HEADERS[:-1], _SEALED, _HEADERS[-1])
        rows = [
            (*row[:-1], _sealed_for(each), row[-1])
            for row, (_, each) in zip(rows, shown, strict=True)
        ]
    if rows:
        render.table(headers, rows, _SPARE)
    else:
        bucket = opened.vault.bucket
        render.remark(
            f"there are no backups of {render.either(keys)} in stage {stage}, bucket {bucket}"
        )


def to_dict(listed: Listed) -> dict[str, Any]:
    """Give one backup as JSON values; what is not there is null."""
    return {
        "taken_at": write_time(listed.taken_at),
        "begun_at": write_time(listed.begun_at),
        "manifest": to_public(listed.manifest) if listed.manifest else None,
        "verification": listed.verification.to_dict() if listed.verification else None,
        "fault": listed.fault or None,
        "ahead": listed.ahead,
        "pins": [each.to_dict() for each in listed.pins],
    }


def verdict(listed: Listed, told: FailedTrial | None = None) -> str:
    """Say in a word or two what is known of a backup's soundness.

    The reason of the failed trial that is `told` elsewhere is not told again.
    """
    if listed.ahead:
        return AHEAD.upper()
    if listed.damage:
        return f"DAMAGED: {listed.damage}"
    if listed.verification is None:
        return f"no: {listed.doubt}" if listed.doubt else "no"
    read, proven = listed.verification.verified_at, listed.verification.proven_at
    if failed := listed.verification.failed:
        words = _not_restored(failed)
        return words.partition(":")[0] if failed == told else words
    if proven is None:
        return _read(listed.verification)
    since = f", read {read:%Y-%m-%d}" if read.date() > proven.date() else ""
    proof = listed.verification.restored.proof if listed.verification.restored else None
    but = f" but for {proof.lacking}" if proof and proof.lacking else ""
    return f"restored {proven:%Y-%m-%d}{but}{since}"


def _read(known: Verification) -> str:
    on = f"{known.verified_at:%Y-%m-%d}"
    if not known.unopened:
        return f"read {on}"
    return (
        f"opened {known.opened_at:%Y-%m-%d}, read {on}"
        if known.opened_at
        else (f"{WITHOUT_OPENING}, {on}")
    )


def _not_restored(failed: FailedTrial) -> str:
    if failed.accepted is None:
        return f"NOT RESTORED {failed.at:%Y-%m-%d}: {failed.reason}"
    word = failed.accepted
    on, by = f"{word.at:%Y-%m-%d}", _last_name(word.by)
    return f"not restored {failed.at:%Y-%m-%d}, accepted {on} by {by}: {word.reason}"


def _last_name(arn: str) -> str:
    """Give who it is without the account.

    >>> _last_name("arn:aws:iam::000000000000:root")
    'root'
    >>> _last_name("arn:aws:sts::000000000000:assumed-role/operator/ann")
    'ann'
    """
    return re.split("[/:]", arn)[-1]


def _row(database: str, listed: Listed, now: datetime) -> tuple[str, ...]:
    manifest = listed.manifest
    return (
        database,
        write_time(listed.begun_at),
        "" if listed.ahead else render.age(now - listed.begun_at),
        render.size(manifest.dump_bytes) if manifest else "",
        render.size(manifest.backup_bytes) if manifest else "",
        manifest.server_version if manifest else "",
        render.seconds(manifest.finished_at - manifest.started_at) if manifest else "",
        f"{verdict(listed)}{_figures(listed)}{_was_due(listed)}{_lacks(listed)}{_pinned(listed)}",
    )


def _sealed_for(listed: Listed) -> str:
    """Say whose keys open a backup."""
    if listed.manifest is None:
        return ""
    return ", ".join(short(listed.manifest.recipients)) or "not sealed"


def _figures(listed: Listed) -> str:
    """Say what was there after it was restored, and how long that took; not of a trial before.

    The verdict of a later one that failed stands in front of it.
    """
    known = listed.verification
    restored = known.restored if known and not listed.flaw else None
    if known is None or restored is None or known.failed:
        return ""
    tables = render.number(restored.tables, "table")
    return f", {tables}, {restored.rows:,} rows in {restored.seconds:.1f} s"


def _lacks(listed: Listed) -> str:
    """Name what pg_dump has left out of it; `status` says which, and why."""
    subjects = ", ".join(each.subject for each in listed.omitted)
    return f", lacks {subjects}" if subjects else ""


def _pinned(listed: Listed) -> str:
    words = pinned(listed.pins)
    return f", {words}" if words else ""


def pinned(pins: Sequence[Pin]) -> str:
    """Say until when a backup is kept whatever retention decides, and why; nothing if it is not."""
    return ", ".join(
        f"{said_until(each.until)}{f': {each.note}' if each.note else ''}" for each in pins
    )


def _was_due(listed: Listed) -> str:
    """Say what a backup is named after, if it was begun long after that."""
    late = listed.begun_at != listed.taken_at
    return f", was due at {write_time(listed.taken_at)}" if late else ""
