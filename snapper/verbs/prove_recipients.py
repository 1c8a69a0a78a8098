"""Prove recipients: whoever opens a fresh canary of the dumper's has the key of a recipient.

One canary for each set of recipients is enough. What one key opens counts for its own recipient
alone: the others of the set are other people's to prove.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from snapper.aws.functions import Functions
from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, SettingsError, WrongKey
from snapper.sealing.identity import Identity
from snapper.sealing.opening import unseal
from snapper.sealing.recipient import Recipient
from snapper.values.canary import canary_text
from snapper.values.in_force import InForce


@dataclass(frozen=True)
class Canary:
    """One canary: of whom it is asked, where it lies, and for whom the dumper has sealed it."""

    of: str
    key: str
    recipients: tuple[str, ...]


def fitting(recipients: Sequence[InForce], identities: Sequence[Identity]) -> list[InForce]:
    """Give the recipients in force to which one of these keys belongs; raises WrongKey."""
    ours = {each.recipient for each in identities}
    if found := [each for each in recipients if each.recipient in ours]:
        return found
    raise WrongKey(
        f"backups are sealed for {_short(each.recipient for each in recipients)}, and the key that "
        f"is given is that of {_short(ours)}",
        hint="give the key of a recipient in force",
    )


def prove(
    wanted: Sequence[InForce],
    identities: Sequence[Identity],
    lay: Callable[[str, Sequence[str]], Sequence[Canary]],
    vault: Vault,
    stage: str,
) -> Iterator[InForce]:
    """Open fresh canaries by these keys, and give each recipient whose key has opened one.

    `lay` has them made: a number that none had before, and of whom. Raises AwsFailed, WrongKey
    where a key does not open what was sealed for it, BackupDamaged where it says something else.
    """
    number = secrets.token_hex(16)
    of = {each.recipient.text: each.of[0] for each in wanted}
    keys = {each.recipient.text: each for each in identities}
    canaries = {each.of: each for each in lay(number, sorted(set(of.values())))}
    for each in wanted:
        text = each.recipient.text
        canary = canaries[of[text]]
        if text not in canary.recipients:
            raise SettingsError(
                f"the dumper does not seal for {each.recipient.short} yet, but for "
                f"{_short(map(Recipient, canary.recipients))}",
                hint="run pulumi up, then prove it",
            )
        said = unseal(vault.read(canary.key), [keys[text]], name=canary.key)
        if said != canary_text(stage, canary.of, number):
            raise BackupDamaged(f"{canary.key} is not the canary that was asked for")
        yield each


def ask(functions: Functions, dumper: str, number: str, databases: Sequence[str]) -> list[Canary]:
    """Have the dumper lay a canary for each of those; raises AwsFailed, and what it answers."""
    answer = functions.ask(dumper, {"canary": {"number": number, "databases": [*databases]}})
    if error := answer.get("error"):
        raise SettingsError(str(error["fact"]), hint=str(error["hint"]))
    found = answer["canaries"]
    return [
        Canary(each, str(found[each]["key"]), tuple(map(str, found[each]["recipients"])))
        for each in databases
    ]


def _short(recipients: Iterable[Recipient]) -> str:
    return " and ".join(sorted(each.short for each in recipients))
