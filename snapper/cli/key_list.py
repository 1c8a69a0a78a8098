"""`snapper key list`: for whom backups are sealed, and who has proven each key."""

from datetime import UTC, datetime

from snapper.cli import render
from snapper.cli.recipients import Recipients
from snapper.cli.stage import Stage

HEADERS = ("recipient", "opens", "proven", "by")


def list_recipients(stage: str, profile: str | None, region: str | None, *, json: bool) -> None:
    """List the recipients in force."""
    opened = Stage.open(stage, profile, region)
    found, now = Recipients.of(opened, opened.parameters.options()), datetime.now(UTC)
    if json:
        render.document({"stage": stage, "recipients": found.to_dicts(now)})
        return
    if not found.in_force:
        render.remark(f"the stage {stage} seals no backup: no recipients are set")
        return
    render.table(HEADERS, [found.row(each, now) for each in found.in_force])
    for line in found.told(now):
        render.say(line)
