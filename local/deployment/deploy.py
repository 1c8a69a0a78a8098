"""Deploys the unmodified Pulumi program onto the embedded cloud, without Pulumi's engine.

    deployment = deploy(cloud, host, root, "demo", {"DATABASE_CONN_STRINGS": ...})
    deployment.outputs["bucket"]
    deployment.destroy()

What this does not try: Pulumi's engine (previews, updates, replacements), the provider's validation
of inputs, and what the emulator does not enforce; tests assert the last on the recorded inputs.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pulumi import RunError

from local.deployment.monitor import CloudMonitor, DeployFailed, Registration
from local.deployment.program import run_program
from local.deployment.stack_config import load_stack_config
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.errors import SettingsError, SnapperError

__all__ = ["DeployFailed", "Deployment", "Registration", "deploy"]


@dataclass(frozen=True)
class Deployment:
    """What the program exported, and every resource it made, in the order they came to exist."""

    outputs: Mapping[str, Any]
    registrations: tuple[Registration, ...]

    def of_type(self, token: str) -> list[Registration]:
        """Give the resources of one type, as "aws:sqs/queue:Queue"."""
        return [made for made in self.registrations if made.type == token]

    def destroy(self) -> None:
        """Destroy all but what is to be retained, what was made last first.

        Goes on after a failure and raises DeployFailed with all of them in the end.
        """
        if faults := _destroy(self.registrations):
            raise DeployFailed("\n".join(faults))


def deploy(
    cloud: Cloud,
    host: LambdaHost,
    root: Path,
    stage: str,
    config: Mapping[str, str],
    secret_keys: Collection[str] = (),
) -> Deployment:
    """Run `root`/__main__.py as the stack `stage`, each of whose resources then exists.

    A config key without a namespace is the project's own. What is not given has the default of
    Pulumi.yaml, and what that file calls a secret is one. Raises SettingsError if the program
    refuses its settings and another SnapperError if anything else fails; whatever had been made by
    then is destroyed again.
    """
    # As Pulumi's provider learns where AWS is; the program sees that its functions run here.
    endpoints = json.dumps([{"lambda": cloud.endpoint_url}])
    place = {"aws:region": cloud.region, "aws:endpoints": endpoints}
    settings = load_stack_config(root, {**place, **config}, secret_keys)
    monitor = CloudMonitor(cloud, host)
    try:
        run_program(root, stage, settings, monitor)
    except BaseException as error:
        _destroy(monitor.registrations)  # what fails here is less telling than what failed first
        if isinstance(error, SnapperError) or not isinstance(error, Exception):
            raise
        raise (monitor.failures[0] if monitor.failures else _told(error)) from error
    return Deployment(monitor.outputs, tuple(monitor.registrations))


def _told(error: Exception) -> SnapperError:
    """Tell a failure of the program in our own terms."""
    if isinstance(error.__cause__, SnapperError):
        return error.__cause__
    if isinstance(error, RunError):
        # What a program raises to be shown without a stack trace: the operator can fix it.
        return SettingsError(str(error))
    return DeployFailed(f"the Pulumi program failed: {type(error).__name__}: {error}")


def _destroy(registrations: Sequence[Registration]) -> list[str]:
    """Destroy in reverse order; gives a sentence for each that could not be."""
    faults = []
    for made in reversed(registrations):
        if made.retained:
            continue
        try:
            made.destroy()
        except (BotoCoreError, ClientError, OSError) as error:
            faults.append(f"{made.type} {made.name} was not destroyed: {error}")
    return faults
