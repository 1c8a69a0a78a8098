"""`snapper doctor`: a check-up from where the dumps are made."""

from datetime import UTC, datetime, timedelta

import typer

from snapper.cli import render
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.progress import Progress
from snapper.cli.stage import Stage
from snapper.values.clock import is_ahead
from snapper.values.finding import Finding, Level, ok, warning
from snapper.values.program import PROGRAM
from snapper.verbs.alarms import examine_alarms
from snapper.verbs.catalog import Listed, listing
from snapper.verbs.run import chosen

# Lambda's limit, and how much of it a dump may take before its growth should be thought of.
_LIMIT = timedelta(minutes=15)
_NEAR = 0.6
_LOOKED_AT = 5

_FUNCTION = "(function)"
_STAGE = "(stage)"


def doctor(
    context: typer.Context,
    keys: KeysArgument = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Check the databases from inside the dumper: network, clients, rights, size, time.

    Also checks whether anybody is notified when backups fail. Exits 1 if it found anything that
    prevents a backup or makes it incomplete.
    """
    outcome: Outcome = context.obj
    opened = Stage.open(stage, profile, region)
    databases = chosen(keys or [], opened.parameters)
    found: dict[str, list[Finding]] = {}
    with Progress() as progress:
        # One at a time: each may take a while, and one function has 15 minutes for all it is asked.
        for database in databases:
            progress(f"{database}: asking the dumper")
            answer = opened.functions.ask(opened.service.dumper, {"doctor": [database]})
            for key, findings in answer.items():
                found[key or _FUNCTION] = [Finding.from_dict(each) for each in findings]
            found[database].append(_pace(opened, database))
    found[_STAGE] = [examine_alarms(opened.topic)]
    bad = any(each.level is Level.FAILURE for findings in found.values() for each in findings)
    outcome.code = 1 if bad else 0
    if json:
        render.document(
            {
                "stage": stage,
                "healthy": not bad,
                "findings": {key: [each.to_dict() for each in all_] for key, all_ in found.items()},
            }
        )
        outcome.answered = True
        return
    render.table(
        ("database", "", "about", "found"),
        [
            (key, each.level.value, each.subject, render.with_fixes(each.fact, each.fix))
            for key, findings in found.items()
            for each in findings
        ],
    )


def _of_now(found: list[Listed]) -> list[Listed]:
    """Leave out what somebody has named after a time that is still to come."""
    now = datetime.now(UTC)
    return [each for each in found if not is_ahead(each.taken_at, now)]


def _pace(stage: Stage, database: str) -> Finding:
    """Hold the time that the last backups took against what a function has."""
    spans = [
        each.manifest.finished_at - each.manifest.started_at
        for each in _of_now(listing(stage.vault, database))[:_LOOKED_AT]
        if each.manifest
    ]
    if not spans:
        return warning("time", "no backup has been made yet", f"{PROGRAM} run {database} --wait")
    longest = max(spans)
    last = f"last {len(spans)} backups" if len(spans) > 1 else "last backup"
    fact = f"the {last} took {render.seconds(longest)} at most, of 900 s"
    if longest > _LIMIT * _NEAR:
        return warning("time", fact, "give the dumper more memory, which also makes it faster")
    return ok("time", fact)
