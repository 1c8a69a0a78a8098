"""`snapper key prove`: whoever opens a fresh canary has the key of a recipient."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from snapper.aws.identity import caller
from snapper.cli import render
from snapper.cli.identities import Keys
from snapper.cli.recipients import Recipients
from snapper.cli.stage import Stage
from snapper.errors import AwsDenied, SettingsError
from snapper.sealing.identity import Identity
from snapper.values.in_force import InForce, named
from snapper.values.proven_recipient import ProvenRecipient
from snapper.verbs.prove_recipients import ask, fitting, prove


def prove_recipients(
    files: Sequence[str],
    stage: str,
    profile: str | None,
    region: str | None,
    *,
    dry_run: bool,
    json: bool,
) -> None:
    """Prove the recipients to which the given keys belong, and record it."""
    opened = Stage.open(stage, profile, region)
    found = Recipients.of(opened, opened.parameters.options())
    if not found.in_force:
        raise SettingsError(
            f"the stage {stage} seals no backup: no recipients are set",
            hint="docs/encryption.md says how backups are sealed",
        )
    identities = Keys(files).all()
    ours = fitting(found.in_force, identities)
    if not dry_run:
        _prove(opened, ours, identities)
    _tell(stage, found, ours, dry_run=dry_run, json=json)


def _prove(opened: Stage, ours: Sequence[InForce], identities: Sequence[Identity]) -> None:
    lay = partial(ask, opened.functions, opened.service.dumper)
    by = caller()
    for each in list(prove(ours, identities, lay, opened.vault, opened.name)):
        proof = ProvenRecipient(each.recipient.text, datetime.now(UTC), by)
        try:
            opened.proven_recipients.record(each.recipient.digest, proof)
        except AwsDenied as denied:
            denied.add_note(f"the key of {each.recipient.short} has opened the canary all the same")
            raise


def _tell(
    stage: str, found: Recipients, ours: Sequence[InForce], *, dry_run: bool, json: bool
) -> None:
    if json:
        render.document(
            {
                "stage": stage,
                "dry_run": dry_run,
                "proven": [each.recipient.text for each in ours],
                "others": [each.recipient.text for each in found.in_force if each not in ours],
            }
        )
        return
    would = "would be " if dry_run else ""
    others = "not tried: its key was not given"
    render.table(
        ("recipient", "opens", "result"),
        [
            (
                each.recipient.short,
                named(each.of),
                f"{would}proven" if each in ours else others,
            )
            for each in found.in_force
        ],
    )
