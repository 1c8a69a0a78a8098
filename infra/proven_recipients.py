"""At a preview: which recipients nobody has proven, as far as Parameter Store says."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pulumi
import pulumi_aws as aws
from pulumi.runtime.settings import SETTINGS

from infra.settings import StackSettings
from snapper.values.finding import Level
from snapper.values.in_force import examine, in_force
from snapper.values.proven_recipient import ProvenRecipient, proven_recipients_path
from snapper.values.settings import parameter_root


def warn_of_unproven(settings: StackSettings, parent: pulumi.Resource) -> None:
    """Warn of recipients that nobody has proven in time, and of those that stand alone.

    Where nothing is sealed nothing is asked, and where the provider cannot say what was proven
    nothing is said of it.
    """
    stage, within = settings.stage, settings.recipients_proven_within
    found = settings.recipient_sets
    if not found:
        return
    proofs = _proofs(stage) if within else {}
    known = proofs is not None
    recipients = in_force(found, proofs or {})
    for each in examine(found, recipients, within if known else None, datetime.now(UTC), stage):
        if each.level is not Level.OK:
            pulumi.log.warn(f"{each.fact}\n{each.fix}", parent)


def _proofs(stage: str) -> dict[str, ProvenRecipient] | None:
    """Give what was proven, by the recipients' digests; None where that cannot be read."""
    path = proven_recipients_path(parameter_root(stage))
    try:
        with _failing_alone():
            asked = aws.ssm.get_parameters_by_path(path=path, with_decryption=False)
            names, values = list(asked.names), list(asked.values)
    except Exception:
        return None
    proofs = {}
    for name, text in zip(names, values, strict=False):
        with suppress(ValueError):
            proofs[name.rpartition("/")[2]] = ProvenRecipient.from_json(text)
    return proofs


@contextmanager
def _failing_alone() -> Iterator[None]:
    """Let a call fail that the program can do without.

    What a provider refuses is raised, and that is all. Where the call itself breaks, Pulumi's SDK
    keeps the call as well, and ends the program by it although its exception was caught.
    """
    manager = SETTINGS.rpc_manager
    calls, failure = list(manager.rpcs), manager.unhandled_exception
    try:
        yield
    except BaseException:
        manager.rpcs, manager.unhandled_exception = calls, failure
        raise
