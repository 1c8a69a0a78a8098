"""Which databases' sealed backups no drill can open: what is said of it before it is deployed."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from snapper.sealing.recipient import Recipient
from snapper.values.drill_identity import DRILL_IDENTITY, opens
from snapper.values.proving import OFF, Proving
from snapper.values.sealed_for import SealedFor
from snapper.values.secrets import Database
from snapper.values.verification import WITHOUT_OPENING


def doubts(
    databases: Iterable[Database], sealed: SealedFor, proving: Proving, identity: str
) -> Iterator[str]:
    """Give a sentence for what drills cannot restore; `identity` is as the signpost tells it.

    Databases of which the same is true are named together: a stage may have thousands.
    """
    found: dict[str, list[str]] = {}
    for each in databases:
        held, known = proving.of(each.options), sealed.of(each.options)
        if held.frequency == OFF or not known.recipients:
            continue
        if not identity:
            why = f"are sealed, and {DRILL_IDENTITY} is not set"
        elif not opens(identity, (Recipient(one).digest for one in known.recipients)):
            why = f"are sealed for {known.short}, whom {DRILL_IDENTITY} is none of"
        else:
            continue
        found.setdefault(f"{why}: {_outcome(held.within, tried=bool(identity))}", []).append(
            each.key
        )
    for what, keys in found.items():
        more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
        yield f"the backups of {', '.join(keys[:3])}{more} {what}"


def _outcome(within: timedelta | None, *, tried: bool) -> str:
    drills = "drills fail" if tried else f"of each drilled backup is {WITHOUT_OPENING}"
    until = (
        f"it is UNPROVEN after {within.days} days, unless you restore one by verify --restore"
        " --identity FILE"
        if within
        else "no alarm tells that none is restored"
    )
    return f"{drills}; {until}; pulumi config set --secret {DRILL_IDENTITY} has drills restore them"
