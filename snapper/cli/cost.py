"""`snapper cost`: what each database costs in a month, and what it will cost when it has grown."""

import json as json_module
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from snapper.cli import render
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.errors import SettingsError
from snapper.values.cost import LONGEST_FUNCTION, Cost
from snapper.values.options import UNSET
from snapper.values.prices import LIST_PRICES, Prices
from snapper.values.timetable import schedule_of
from snapper.verbs.cost import QUARTER, YEAR, Priced, priced, shared

_HEADERS = (
    *("database", "backups", "running", "requests", "storage", "deleted", "metrics", "drills"),
    *("a month", "in a year", "grows a month"),
)
_SPARE = ("requests", "metrics", "drills", "deleted", "backups", "running", "storage")
_NOT_COUNTED = (
    "Not counted: free tiers, taxes, logs, data that leaves the region or comes through a NAT "
    "gateway, what a container has of disk, restores, the copies of a replica, and a KMS key that "
    "the stage has not made."
)
_LARGEST_FILE = 1 << 20


def cost(
    keys: KeysArgument = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON with the prices of your region or contract, in place of the list prices.",
        ),
    ] = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show what each database costs in a month, in US dollars, by AWS's list prices.

    `running` is Lambda's time, or Fargate's for what takes longer than 15 minutes or is dumped
    there by its option `dumpIn`; so are `drills`, for what does not fit the prover. `storage` is
    what lies in the bucket now, `deleted` what was pruned and is still kept as a noncurrent
    version. How often, how long and how large follow from the schedule and the last backups; what
    they cost in a year follows from how they grew, and how many backups rules keep by then. What
    the stage costs by itself stands below.
    """
    asked = _read_prices(prices) if prices else LIST_PRICES
    opened, now = Stage.open(stage, profile, region), datetime.now(UTC)
    options = opened.parameters.options()
    named = opened.databases(*keys or ())
    proving, disk = opened.proving, opened.service.disk_before_containers
    found = [
        priced(
            opened.vault,
            key,
            schedule_of(options[key], opened.schedule) if key in options else None,
            proving.of(options[key]) if proving and key in options else None,
            opened.service.machine,
            asked,
            now,
            options=options.get(key, UNSET),
            disk_bytes=disk,
            lock=opened.service.lock,
            retention=opened.parameters.retention(key) if key in options else None,
        )
        for key in named
    ]
    service = opened.service
    made = sum(map(bool, (service.kms_key, service.signing_key)))
    queues = 2 if service.prover else 1
    common = {} if keys else shared(service.alarm_count, queues, asked, made)
    if json:
        render.document(_to_dict(stage, found, common, asked))
        return
    rows = [_row(each) for each in found]
    if rows:
        render.table(_HEADERS, rows, _SPARE)
        render.say("")
    _say_totals(found, common, stage)
    for each in found:
        in_function = not each.usage.in_container
        if in_function and each.usage.took <= LONGEST_FUNCTION < each.later_took[YEAR]:
            render.say(
                f"{each.database}: if it goes on growing so, a backup takes longer than the "
                "15 minutes of a function within a year: set largeDatabases by then"
            )
        if each.held:
            render.say(
                f"{each.database}: objectLock comes to hold {render.size(each.held)} of deleted "
                "backups, which is counted in the year"
            )
    kept = [(each.usage.stored.current, each.usage.stored.noncurrent) for each in found]
    current, deleted = (_together(each) for each in zip(*kept, strict=True)) if kept else ({}, {})
    if current or deleted:
        render.say(f"stored: {_by_class(current)}; deleted, and still kept: {_by_class(deleted)}")
    used = asked.said(sorted({*current, *deleted}), arm=service.machine.is_arm)
    render.remark(
        f"US dollars, prices of {asked.region} as of {asked.as_of}: {used}. " + _NOT_COUNTED
    )


def _read_prices(file: Path) -> Prices:
    try:
        with file.open("rb") as opened:
            given = json_module.loads(opened.read(_LARGEST_FILE))
    except (OSError, ValueError, RecursionError) as error:
        words = getattr(error, "strerror", None) or "it is no JSON"
        raise SettingsError(
            f"{file} cannot be read: {words}", hint="docs/commands.md shows what such a file holds"
        ) from None
    return LIST_PRICES.changed(given)


def _row(each: Priced) -> tuple[str, ...]:
    now = each.cost
    running = now.functions + now.fargate
    parts = (running, now.requests, now.storage, now.noncurrent, now.metrics, now.drills)
    return (
        each.database,
        str(each.backups),
        *map(_dollars, parts),
        _dollars(now.total),
        _dollars(each.later[YEAR].total) if each.growth is not None else "",
        _growth(each),
    )


def _together(sizes: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Add up bytes by storage class."""
    added = Counter[str]()
    for each in sizes:
        added.update(each)
    return added


def _by_class(sizes: Mapping[str, int]) -> str:
    """Give bytes by storage class in words.

    >>> _by_class({"STANDARD": 1000, "GLACIER": 0}), _by_class({})
    ('1.0 kB STANDARD', 'nothing')
    """
    words = (f"{render.size(size)} {kind}" for kind, size in sorted(sizes.items()) if size)
    return ", ".join(words) or "nothing"


def _growth(each: Priced) -> str:
    if each.growth is None:
        return "not known yet"
    sign = "-" if each.growth < 0 else ""
    return sign + render.size(round(abs(each.growth) * 30))


def _say_totals(found: Sequence[Priced], common: Mapping[str, float], stage: str) -> None:
    total = sum(each.cost.total for each in found)
    later = sum(each.later[YEAR].total for each in found)
    if common:
        own = sum(common.values())
        words = ", ".join(f"{name} {_dollars(value)}" for name, value in common.items())
        render.say(f"the stage {stage} itself: {_dollars(own)} a month ({words})")
        total, later = total + own, later + own
    counted = render.number(len(found), "database")
    render.say(f"{counted}: {_dollars(total)} a month, in a year {_dollars(later)}")


def _dollars(value: float) -> str:
    """Give dollars as people write them; what is less than a cent is not nothing.

    >>> _dollars(12.3), _dollars(0.004), _dollars(0)
    ('$12.30', '<$0.01', '$0.00')
    """
    return "<$0.01" if 0 < value < 0.005 else f"${value:,.2f}"


def _to_dict(
    stage: str, found: Sequence[Priced], common: Mapping[str, float], asked: Prices
) -> dict[str, Any]:
    own = sum(common.values())
    return {
        "stage": stage,
        "prices": asked.to_dict(),
        "databases": [_one(each) for each in found],
        "shared": common,
        "total": {
            "now": _rounded(own + sum(each.cost.total for each in found)),
            "quarter": _rounded(own + sum(each.later[QUARTER].total for each in found)),
            "year": _rounded(own + sum(each.later[YEAR].total for each in found)),
        },
    }


def _one(each: Priced) -> dict[str, Any]:
    usage = each.usage
    return {
        "database": each.database,
        "backups": each.backups,
        "runs_a_month": round(usage.runs, 2),
        "seconds": usage.took.total_seconds(),
        "drills_a_month": round(usage.drills, 2),
        "newest_bytes": each.newest,
        "held_bytes": each.held,
        "bytes_a_day": None if each.growth is None else round(each.growth),
        "stored_bytes": dict(usage.stored.current),
        "noncurrent_bytes": dict(usage.stored.noncurrent),
        "now": _parts(each.cost),
        "quarter": _parts(each.later[QUARTER]),
        "year": _parts(each.later[YEAR]),
    }


def _parts(cost: Cost) -> dict[str, float]:
    return {name: _rounded(value) for name, value in {**asdict(cost), "total": cost.total}.items()}


def _rounded(dollars: float) -> float:
    return round(dollars, 6)
