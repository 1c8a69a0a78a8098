"""The recipients for which a stage seals now, and what is to be said of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from snapper.sealing.recipient import Recipient
from snapper.values.finding import Finding, ok, warning
from snapper.values.program import PROGRAM
from snapper.values.proven_recipient import ProvenRecipient

STAGE = ""
"""What stands in the place of a database where the stage's own recipients are meant."""

_SUBJECT = "recipients"
_SHOWN = 3


@dataclass(frozen=True)
class InForce:
    """One recipient, and whose backups are sealed for it: databases, `STAGE` for all others.

    `proof` is the last one there is of it, if any.
    """

    recipient: Recipient
    of: tuple[str, ...]
    proof: ProvenRecipient | None = None

    def is_unproven(self, within: timedelta | None, now: datetime) -> bool:
        """Tell whether nobody has proven it, or too long ago; `within` is None for never."""
        if self.proof is None:
            return True
        return self.proof.is_old(within, now)


def sets(stage: Iterable[str], databases: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Give the recipients in force by whose they are; what has none is left out.

    >>> sets(["age1a"], {"orders": ["age1b"], "users": []})
    {'': ['age1a'], 'orders': ['age1b']}
    """
    all_ = {STAGE: list(stage), **{key: list(own) for key, own in sorted(databases.items())}}
    return {key: own for key, own in all_.items() if own}


def in_force(
    found: Mapping[str, Sequence[str]], proofs: Mapping[str, ProvenRecipient]
) -> list[InForce]:
    """Give each recipient once, in the order in which they are set; proofs come by its digest."""
    known: dict[str, Recipient] = {}
    of: dict[str, list[str]] = {}
    for key, texts in found.items():
        for text in texts:
            recipient = Recipient.read(text)
            known[recipient.digest] = recipient
            of.setdefault(recipient.digest, []).append(key)
    return [InForce(known[each], tuple(of[each]), _proof(known[each], proofs)) for each in known]


def _proof(recipient: Recipient, proofs: Mapping[str, ProvenRecipient]) -> ProvenRecipient | None:
    found = proofs.get(recipient.digest)
    return found if found and found.recipient == recipient.text else None


def examine(
    found: Mapping[str, Sequence[str]],
    recipients: Sequence[InForce],
    within: timedelta | None,
    now: datetime,
    stage: str,
) -> Iterator[Finding]:
    """Say which recipients are not proven, and whose backups a single key opens.

    `within` is None where the stage wants to hear of no proof. Nothing is found where nothing is
    sealed.
    """
    unproven = [each for each in recipients if within and each.is_unproven(within, now)]
    for each in unproven:
        yield warning(
            _SUBJECT,
            f"{_why(each)}: whether its key still opens the backups of {named(each.of)} is not "
            "known",
            f"who has the key runs {PROGRAM} key prove --stage {stage}",
        )
    for text, keys in _alone(found).items():
        yield warning(
            _SUBJECT,
            f"one key alone, {Recipient.read(text).short}, opens the backups of {named(keys)}: "
            "if it is lost, nobody does",
            f"{PROGRAM} key new makes a second one, for another place",
        )
    if recipients and not unproven:
        proven = ", and all were proven" if within else ""
        yield ok(_SUBJECT, f"backups are sealed for {_short(recipients)}{proven}")


def _alone(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Give the recipients that are alone somewhere, and where."""
    alone: dict[str, list[str]] = {}
    for key, texts in found.items():
        if len(set(texts)) == 1:
            alone.setdefault(texts[0], []).append(key)
    return alone


def _why(each: InForce) -> str:
    if each.proof is None:
        return f"nobody has proven the recipient {each.recipient.short}"
    return (
        f"the recipient {each.recipient.short} was last proven on {each.proof.proven_at:%Y-%m-%d}"
    )


def _short(recipients: Sequence[InForce]) -> str:
    return " and ".join(each.recipient.short for each in recipients)


def named(keys: Sequence[str]) -> str:
    """Name those whose backups are meant; many are counted.

    >>> named(["", "orders"]), named([""])
    ('orders and the rest of the stage', 'the stage')
    """
    own = [key for key in keys if key]
    shown = own if len(own) <= _SHOWN else [*own[:_SHOWN], f"{len(own) - _SHOWN} more"]
    if STAGE in keys:
        shown = [*shown, "the rest of the stage" if own else "the stage"]
    return ", ".join(shown[:-1]) + (" and " if shown[1:] else "") + shown[-1]
