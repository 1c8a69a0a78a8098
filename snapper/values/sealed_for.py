"""For whom the backups of a stage are sealed, and those of single databases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from snapper.sealing.recipient import Recipient
from snapper.values.options import SETTING, Options
from snapper.values.recipients import read_recipients, recipient_faults, short
from snapper.values.secrets import Database
from snapper.values.settings import DumperSettings

NOT_SEALED = "contentsInClear is set, and nothing is sealed: set recipients, or leave it out"


@dataclass(frozen=True)
class SealedFor:
    """The public keys of all who can open a backup; nobody is to seal it where there are none.

    `contents_in_clear` says whether the list of its contents is left open for everybody.
    """

    recipients: tuple[str, ...] = ()
    contents_in_clear: bool = False

    def of(self, options: Options) -> "SealedFor":
        """Give what holds for one database: what its options say, else what the stage does."""
        own = options.contents_in_clear
        return SealedFor(
            options.recipients or self.recipients,
            self.contents_in_clear if own is None else own,
        )

    @property
    def short(self) -> str:
        """Name them for people, and say nothing where there are none."""
        return ", ".join(short(self.recipients))

    def read(self) -> tuple[Recipient, ...]:
        """Read the keys; raises SettingsError where one of them is none any more."""
        return read_recipients(self.recipients)


NOBODY = SealedFor()


def sealed_for(settings: DumperSettings) -> SealedFor:
    """Give what the stage has decided, as its dumper is told."""
    return SealedFor(settings.sealed_for, bool(settings.contents_in_clear))


def faults(
    recipients: Iterable[str], databases: Iterable[Database], *, in_clear: bool
) -> Iterator[str]:
    """Tell of recipients that are none, and of lists that are open though nothing is sealed."""
    given = tuple(recipients)
    for fault in recipient_faults(given):
        yield f"recipients {fault}"
    known = tuple(databases)
    if in_clear and not given and not any(each.options.recipients for each in known):
        yield NOT_SEALED
    yield from option_faults(given, known)


def option_faults(recipients: tuple[str, ...], databases: Iterable[Database]) -> Iterator[str]:
    """Tell of options of single databases that mean nothing beside the stage's recipients."""
    for each in databases:
        options = each.options
        if options.contents_in_clear and not (options.recipients or recipients):
            yield f"{SETTING}.{each.key}: {NOT_SEALED}"
