"""`snapper restore --in-cloud`: a container of AWS Batch restores, and is followed to its end."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Self

import typer

from snapper.aws.batch import Batch
from snapper.aws.logs import LogEvent, Logs
from snapper.cli.interruption import Interrupted
from snapper.cli.lines import warn
from snapper.cli.options import is_typed
from snapper.cli.progress import Progress
from snapper.cli.restored import Restored
from snapper.cli.stage import Stage
from snapper.cli.transfer import Count, bars
from snapper.errors import (
    AwsDenied,
    AwsFailed,
    BackupDamaged,
    BackupInProgress,
    SettingsError,
    SnapperError,
)
from snapper.values.cloud_restore import (
    BEGAN,
    PROGRESS,
    WARNED,
    CloudRestore,
    restore_container_name,
)
from snapper.values.keys import DATABASE_KEY
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import holding_at, read_manifest
from snapper.verbs.order_restore import Ordered, digest_of, goes_on, order, ordered
from snapper.verbs.restore_in_cloud import Ended, Following
from snapper.verbs.restoring import Done, Wish, refuse_sealed

_STANDS = {
    "RUNNABLE": "waits for a machine",
    "STARTING": "its machine starts",
    "RUNNING": "its machine runs",
}
"""What is said of Batch's words; nothing of those that last a second."""


_NAMES = {"key": "KEY", "source": "--from"}


def check_place(
    context: typer.Context, into: str, *, in_cloud: bool, others: Mapping[str, object]
) -> None:
    """Raise SettingsError for options that say where a restore is done, and contradict each other.

    `others` are those that a container does not have, and whether they are given.
    """
    if not in_cloud:
        if into:
            raise SettingsError("--into is for --in-cloud", hint="add --in-cloud, or use --to")
        return
    if is_typed(context, "to"):
        raise SettingsError(
            "--to is for a restore from here: a container is given no connection",
            hint="name a target that the stage knows by --into KEY, or leave --in-cloud out",
        )
    for option, is_given in others.items():
        if is_given:
            raise SettingsError(
                f"{option} is for a restore from here", hint=f"leave {option} or --in-cloud out"
            )
    if not into:
        raise SettingsError(
            "no target is given", hint="--into KEY names one of the secret RESTORE_CONN_STRINGS"
        )
    if not DATABASE_KEY.fullmatch(into):
        raise SettingsError(f"--into {into} can be no key of a target")


def refuse_with_follow(context: typer.Context) -> None:
    """Raise SettingsError for whatever says how to restore, where one is only followed."""
    for option in context.params:
        if option not in _OF_FOLLOWING and is_typed(context, option):
            name = _NAMES.get(option, f"--{option.replace('_', '-')}")
            raise SettingsError(
                f"{name} changes nothing of a restore that is under way",
                hint=f"--follow ID is enough: leave {name} out",
            )


_OF_FOLLOWING = frozenset({"follow", "stage", "profile", "region", "json"})


def restore_in_cloud(
    stage: Stage,
    manifest: Manifest,
    passed: Sequence[str],
    into: str,
    wish: Wish,
    *,
    dry_run: bool,
) -> Restored:
    """Have a container restore a backup, and wait for it; raises what it ended with."""
    refuse_sealed(manifest)
    batch, logs = _opened(stage)
    if dry_run:
        planned = Done(f"the target {into}", creates=None)
        return Restored(stage.name, manifest, tuple(passed), planned)
    options = asdict(wish.options)
    del options["show_values"]
    restore = CloudRestore(
        manifest.database,
        manifest.scheduled_at,
        digest_of(stage.vault, manifest),
        into,
        datetime.now(UTC).replace(microsecond=0),
        create=wish.create,
        force=wish.force,
        over_source=wish.over_source,
        create_roles=wish.create_roles,
        **options,
    )
    try:
        found = order(batch, logs, restore)
    except (Interrupted, AwsFailed) as left:
        if not isinstance(left, AwsDenied):
            # Its answer may be what was lost.
            name = restore_container_name(restore)
            left.add_note(f"if it was ordered, {goes_on(name, stage.name)}")
        raise
    done = _followed(stage, found, logs, batch).done
    return Restored(stage.name, manifest, tuple(passed), done)


def follow_restore(stage: Stage, name: str) -> Restored:
    """Wait for one that was ordered before; raises what it ended with."""
    batch, logs = _opened(stage)
    found = _followed(stage, ordered(batch, name), logs, batch)
    try:
        holding = holding_at(stage.vault, found.database, found.taken_at)
        manifest = read_manifest(stage.vault, holding)
        if digest_of(stage.vault, manifest) != found.manifest_sha256:
            raise BackupDamaged(
                f"{manifest.key} is another manifest than that of what was restored",
                hint="somebody has changed it since: look at the bucket's versions of it",
            )
    except SnapperError as error:
        error.add_note(f"{found.done.place} holds what was restored")
        raise
    return Restored(stage.name, manifest, (), found.done)


def _opened(stage: Stage) -> tuple[Batch, Logs]:
    service = stage.service
    service.require_restores()
    batch = Batch.connect(service.restore_queue, service.restore_definition)
    return batch, Logs.connect(service.restore_log_group)


def _followed(stage: Stage, found: Ordered, logs: Logs, batch: Batch) -> Ended:
    try:
        with _Shown(found) as shown:
            return Following(found, logs, batch, shown.event, shown.stands).to_its_end()
    except (Interrupted, AwsFailed, BackupInProgress) as left:
        left.add_note(goes_on(found.name, stage.name))
        raise


class _Shown:
    """Shows how far a container is: in words until it begins, then by the bars of a restore."""

    def __init__(self, found: Ordered) -> None:
        self._progress = Progress()
        self._bars = ExitStack()
        self._counts: tuple[Count, Count] | None = None
        self._name, self._joined, self._said = found.name, found.joined, ""

    def event(self, event: LogEvent) -> None:
        """Show what the container logs."""
        fields = event.fields
        if event.name == BEGAN:
            self._progress.end()
            checks = bool(fields.get("checks"))
            shown = bars(str(fields.get("what", "")), _number(fields.get("bytes")), checks=checks)
            self._counts = self._bars.enter_context(shown)
        elif event.name == PROGRESS and self._counts:
            for count, field in zip(self._counts, ("checked", "restored"), strict=True):
                count(_number(fields.get(field)))
        elif event.name == WARNED:
            self._bars.close()
            self._progress.end()
            warn(str(fields.get("warning", "")))

    def stands(self, status: str) -> None:
        """Show how far Batch is before the container itself says anything."""
        words = _STANDS.get(status)
        if words and words != self._said and not self._counts:
            self._said = words
            self._progress(words)

    def __enter__(self) -> Self:
        self._progress(f"{self._name} {'is under way already' if self._joined else 'is ordered'}")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._bars.close()
        self._progress.__exit__(kind)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0  # a log is input too
