"""`snapper doctor`: a check-up from where the dumps are made."""

from datetime import UTC, datetime

import typer

from snapper.cli import render
from snapper.cli.last_backups import examine_last
from snapper.cli.last_proof import NO_PROVER, examine_proof
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.progress import Progress
from snapper.cli.recipients import Recipients
from snapper.cli.stage import Stage
from snapper.values.finding import Finding, Level
from snapper.values.options import UNSET
from snapper.verbs.alarms import examine_alarms
from snapper.verbs.catalog import listing
from snapper.verbs.copies import Due, due_of, examine_copies
from snapper.verbs.examine_key import examine_key
from snapper.verbs.examine_lock import examine_lock
from snapper.verbs.letters import examine_letters
from snapper.verbs.proven import last_proof
from snapper.verbs.run import chosen
from snapper.verbs.trial import known_trial

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
    """Check the databases from inside the dumper: network, clients, rights, size, time, storing.

    Also checks how old the newest good backups are, when one was last restored for the proof,
    whether there are dead letters, whether anybody is notified when backups fail, and who has
    proven the recipients of sealed backups. Exits 1 if it found anything that prevents a backup or
    makes it incomplete.
    """
    outcome: Outcome = context.obj
    opened = Stage.open(stage, profile, region)
    databases = chosen(keys or [], opened.parameters)
    options = opened.parameters.options()
    found: dict[str, list[Finding]] = {}
    expected: list[Due | None] = []
    with Progress() as progress:
        # One at a time: each may take a while, and one function has 15 minutes for all it is asked.
        for database in databases:
            progress(f"{database}: asking the dumper")
            answer = opened.functions.ask(opened.service.dumper, {"doctor": [database]})
            for key, findings in answer.items():
                found[key or _FUNCTION] = [Finding.from_dict(each) for each in findings]
            own, now = options.get(database, UNSET), datetime.now(UTC)
            allowed = opened.punctuality.late_after(own)
            made = listing(opened.vault, database)
            expected.append(due_of(database, [one for one in made if not one.flaw], now))
            large = bool(opened.service.container_log_group)
            found[database] += examine_last(database, made, allowed, now, hands_over=large)
            if opened.proving:
                trial = known_trial(opened.vault, database, now)
                proven = last_proof(made, trial, opened.proving.of(own))
                disk = opened.service.drill_disk_gb
                also = bool(opened.service.drill_container_log_group)
                found[database].append(
                    examine_proof(
                        database,
                        made,
                        proven,
                        trial,
                        disk,
                        now,
                        hands_over=also,
                        identity=opened.service.drill_identity,
                    )
                )
    found[_STAGE] = [
        examine_alarms(opened.topic),
        examine_letters(opened.letters, databases if keys else ()),
        *(() if opened.proving else (NO_PROVER,)),
        *examine_copies(opened.replica, list(filter(None, expected))),
        *examine_key(opened.service.kms_key_arn),
        *((examine_lock(opened.vault, lock),) if (lock := opened.service.lock) else ()),
        *Recipients.of(opened, options).findings(datetime.now(UTC)),
    ]
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
