"""Public keys for which backups are sealed: as settings and options hold them, and as they travel.

Nobody needs to hide them. What an operator puts in their place by mistake, a secret key, is never
shown: faults name which one it is, by its number.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from snapper.errors import SettingsError
from snapper.sealing.recipient import Recipient

LONGEST = 1500
"""Characters of all recipients together: they share the 4 KB of a function's environment."""

_BETWEEN = ","  # stands in none


class PublicKeys:
    """A list of public keys, as the type of an option."""

    words = "a list of public keys, of age or SSH"
    example = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

    def read(self, value: object) -> tuple[str, ...]:
        """Read the keys, each without what is only a comment; an empty list says nothing."""
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"must be {self.words}")
        if not value:
            # Who has taken the last one away hardly means that nothing is to be sealed any more.
            raise ValueError("is empty: leave it out, and the stage's recipients hold")
        if fault := next(recipient_faults(value), ""):
            raise ValueError(fault)
        return canonical(value)


def recipient_faults(texts: Iterable[str]) -> Iterator[str]:
    """Give the end of a sentence for each that is no public key, and for too many; shows none."""
    right = []
    for number, text in enumerate(texts, 1):
        try:
            right.append(_read(text).text)
        except ValueError as fault:
            yield f"number {number} {fault}"
    if len(to_text(dict.fromkeys(right))) > LONGEST:
        yield (f"take more than {LONGEST} characters: take age keys, or fewer")


def canonical(texts: Iterable[str]) -> tuple[str, ...]:
    """Give what is right among them, without comments and each once."""
    right = []
    for text in texts:
        try:
            right.append(_read(text).text)
        except ValueError:
            continue
    return tuple(dict.fromkeys(right))


def read_recipients(texts: Iterable[str]) -> tuple[Recipient, ...]:
    """Read recipients that were checked when they were set.

    Raises SettingsError, if someone has written nonsense past it: nothing may go unsealed for it.
    """
    texts = tuple(texts)
    if faults := tuple(recipient_faults(texts)):
        raise SettingsError(
            f"for whom to seal is not as it was deployed: {'; '.join(faults)}",
            hint="run pulumi up again, and find out who has changed it",
        )
    return tuple(map(_read, texts))


def short(texts: Iterable[str]) -> tuple[str, ...]:
    """Give enough of each to know it by; of kinds that a later release knows the beginning."""
    return tuple(_short(text) for text in texts)


def to_text(texts: Iterable[str]) -> str:
    """Write recipients as they travel; nothing where there are none."""
    return _BETWEEN.join(texts)


def from_text(text: str) -> tuple[str, ...]:
    """Read what `to_text` wrote.

    >>> from_text("age1a,ssh-ed25519 AAAA"), from_text("")
    (('age1a', 'ssh-ed25519 AAAA'), ())
    """
    return tuple(text.split(_BETWEEN)) if text else ()


@lru_cache(maxsize=1000)
def _read(text: str) -> Recipient:
    return Recipient.read(text)


def _short(text: str) -> str:
    try:
        return _read(text).short
    except ValueError:
        return f"{text[:12]}…"
