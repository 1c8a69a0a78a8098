"""What an option is made of: its type with the check, its description, and what holds without it.

A type reads a value as the config holds it; it raises ValueError with the end of a sentence that
begins with the option's name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field
from typing import Any, Protocol

from snapper.values.nearest import did_you_mean

_LONGEST_SHOWN = 60


class Kind(Protocol):
    """The type of an option."""

    @property
    def words(self) -> str:
        """What may stand there, in words."""
        ...

    @property
    def example(self) -> str:
        """A value as YAML has it."""
        ...

    def read(self, value: object) -> Any:  # noqa: ANN401  each type has its own
        """Read a value; raise ValueError."""
        ...


@dataclass(frozen=True)
class Option:
    """The definition of one option; `unset` says what holds where it is not set."""

    kind: Kind
    description: str
    unset: str


def option(kind: Kind, description: str, *, default: Any, unset: str) -> Any:  # noqa: ANN401  as `field` is typed
    """Make the field of a dataclass that is an option."""
    return field(default=default, metadata={"option": Option(kind, description, unset)})


def definition(field: Field[Any]) -> Option:
    """Give the definition of a field that `option` made."""
    defined: Option = field.metadata["option"]
    return defined


def read_fields(
    fields: Iterable[Field[Any]], given: object, faults: list[str]
) -> Iterator[tuple[str, Any]]:
    """Yield what is set of the options, by field; every fault joins `faults`."""
    if not isinstance(given, Mapping):
        faults.append("must be options with their values")
        return
    known = {config_key(each.name): each for each in fields}
    for name, value in given.items():
        if name not in known:
            meant = did_you_mean(str(name), known) or f"there are {', '.join(known)}"
            faults.append(f"{name} is not an option: {meant}")
            continue
        field = known[name]
        try:
            yield field.name, definition(field).kind.read(value)
        except ValueError as fault:
            faults.append(f"{name} {fault}")


def config_key(field_name: str) -> str:
    """Give the config key of a field.

    >>> config_key("kms_key_arn")
    'kmsKeyArn'
    """
    first, *rest = field_name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _sound(_: str) -> str:
    return ""


@dataclass(frozen=True)
class Text:
    """A text that is not empty; `fault` gives the end of a sentence on one that will not do."""

    fault: Callable[[str], str] = _sound
    example: str = ""
    words: str = "a text"

    def read(self, value: object) -> str:
        """Read a text."""
        if not (isinstance(value, str) and value.strip() and value.isprintable()):
            raise ValueError(f"must be {self.words}")
        if fault := self.fault(value):
            raise ValueError(f"is {_shown(value)}, it {fault}")
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    @property
    def words(self) -> str:
        """What may stand there, in words."""
        return f"a whole number from {self.least} to {self.most}"

    @property
    def example(self) -> str:
        """A value as YAML has it."""
        return str(self.most)

    def read(self, value: object) -> int:
        """Read a number: true is none."""
        if type(value) is not int:
            raise ValueError(f"must be {self.words}")
        if not self.least <= value <= self.most:
            raise ValueError(f"is {value}, must be {self.words}")
        return value


class Flag:
    """True or false."""

    words = "true or false"
    example = "true"

    def read(self, value: object) -> bool:
        """Read it: 1 and "true" are neither."""
        if type(value) is not bool:
            raise ValueError(f"must be {self.words}")
        return value


class Choice:
    """One of a few words."""

    def __init__(self, *choices: str, example: str = "") -> None:
        self.choices = choices
        self.words = " or ".join(choices)
        self.example = example or choices[-1]

    def read(self, value: object) -> str:
        """Read one of the words."""
        if not isinstance(value, str) or value not in self.choices:
            shown = _shown(value) if isinstance(value, str) else "something else"
            raise ValueError(f"is {shown}, must be {self.words}")
        return value


@dataclass(frozen=True)
class Names:
    """A list of names of things in a database."""

    example: str
    words: str = "a list of names"

    def read(self, value: object) -> tuple[str, ...]:
        """Read the names; an empty list is as good as none."""
        if not isinstance(value, list):
            raise ValueError(f"must be {self.words}")
        # `pulumi config set --path` makes a number of a name like 2020.
        value = [str(each) if type(each) is int else each for each in value]
        for each in value:
            if not (isinstance(each, str) and each.strip() and each.isprintable()):
                raise ValueError(f"must be {self.words}, and each name a text")
        return tuple(dict.fromkeys(value))


@dataclass(frozen=True)
class Queries(Names):
    """A list of SQL, each a query of one or more lines."""

    words: str = "a list of queries"

    def read(self, value: object) -> tuple[str, ...]:
        """Read the queries; an empty list is as good as none."""
        if not isinstance(value, list):
            raise ValueError(f"must be {self.words}")
        for each in value:
            if not (isinstance(each, str) and each.strip() and _is_plain(each)):
                raise ValueError(f"must be {self.words}, and each query a text")
        return tuple(dict.fromkeys(value))


def _is_plain(text: str) -> bool:
    return all(line.isprintable() for line in text.replace("\t", " ").split("\n"))


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
