"""What AWS asks for what a stage uses: list prices, and those that somebody has agreed with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from snapper.errors import SettingsError

_CLASSES = MappingProxyType(
    {
        "STANDARD": 0.023,
        "INTELLIGENT_TIERING": 0.023,
        "STANDARD_IA": 0.0125,
        "ONEZONE_IA": 0.01,
        "GLACIER_IR": 0.004,
        "GLACIER": 0.0036,
        "DEEP_ARCHIVE": 0.00099,
    }
)

_READING = MappingProxyType({"STANDARD_IA": 0.01, "ONEZONE_IA": 0.01, "GLACIER_IR": 0.03})
_WRITING = MappingProxyType({"STANDARD_IA": 0.00001, "ONEZONE_IA": 0.00001, "GLACIER_IR": 0.00002})


@dataclass(frozen=True)
class Prices:
    """In US dollars, before taxes and without any free tier; a GB is 2^30 bytes.

    Storage is for a GB and a month, by S3's storage class; what AWS moves within
    INTELLIGENT_TIERING to a cheaper tier is counted at the dearest. Source: the pricing pages of
    S3, Lambda, Fargate, SQS, KMS and CloudWatch for US East (N. Virginia); other regions take up to
    30 % more.
    """

    as_of: str = "2026-06"
    region: str = "us-east-1"
    storage: Mapping[str, float] = field(default_factory=lambda: _CLASSES)
    write_request: float = 0.000005
    """PUT, POST and LIST."""
    write_requests: Mapping[str, float] = field(default_factory=lambda: _WRITING)
    """A PUT of the classes whose requests cost more."""
    retrieval: Mapping[str, float] = field(default_factory=lambda: _READING)
    """For a GB that is read, of the classes that take anything for it."""
    lambda_gb_second: float = 0.0000166667
    lambda_gb_second_arm: float = 0.0000133334
    lambda_request: float = 0.0000002
    fargate_vcpu_hour: float = 0.04048
    fargate_vcpu_hour_arm: float = 0.03238
    fargate_gb_hour: float = 0.004445
    fargate_gb_hour_arm: float = 0.00356
    queue_request: float = 0.0000004
    alarm: float = 0.10
    """For one metric and a month."""
    metric: float = 0.30
    """For a month; AWS counts the hours in which there is a value."""
    key: float = 1.0
    """For a key of KMS's and a month, before it is turned over for the first time."""

    def storage_of(self, kind: str) -> float:
        """Give what a GB of a storage class costs for a month; of an unknown one the dearest."""
        return self.storage.get(kind) or max(self.storage.values())

    def said(self, classes: Iterable[str], *, arm: bool) -> str:
        """Say what each thing costs: storage of these classes, and processors of that kind.

        >>> LIST_PRICES.said(["STANDARD"], arm=True).partition(", Fargate")[0]
        'a GB of STANDARD $0.023 a month, Lambda $0.0000133334 a GB-second and $0.0000002 a call'
        """
        memory, vcpu, gigabyte = (
            (self.lambda_gb_second_arm, self.fargate_vcpu_hour_arm, self.fargate_gb_hour_arm)
            if arm
            else (self.lambda_gb_second, self.fargate_vcpu_hour, self.fargate_gb_hour)
        )
        words = [
            *map(self._said_of, classes),
            f"Lambda {_exactly(memory)} a GB-second and {_exactly(self.lambda_request)} a call",
            f"Fargate {_exactly(vcpu)} a vCPU's hour and {_exactly(gigabyte)} a GB's hour",
            f"S3 {_exactly(self.write_request)} a PUT or LIST",
            f"SQS {_exactly(self.queue_request)} a request",
            f"an alarm {_exactly(self.alarm)} and a metric {_exactly(self.metric)} a month",
        ]
        return ", ".join(words)

    def _said_of(self, kind: str) -> str:
        reading = self.retrieval.get(kind)
        more = f" and {_exactly(reading)} to read it" if reading else ""
        return f"a GB of {kind} {_exactly(self.storage_of(kind))} a month{more}"

    def to_dict(self) -> dict[str, Any]:
        """Give them as JSON values."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**own, **{name: dict(getattr(self, name)) for name in _BY_CLASS}}

    def changed(self, given: object) -> "Prices":
        """Put other prices in place of some; raise SettingsError if they are not such."""
        if not isinstance(given, dict):
            raise SettingsError("the prices are no JSON object", hint=_HINT)
        known = self.to_dict()
        if unknown := sorted(given.keys() - known.keys()):
            raise SettingsError(f"there is no price {', '.join(unknown)}", hint=_HINT)
        by_class = {name: given.get(name, {}) for name in _BY_CLASS}
        for name, classes in by_class.items():
            if not isinstance(classes, dict):
                raise SettingsError(f"the prices of {name} are no JSON object", hint=_HINT)
        inner = [each for classes in by_class.values() for each in classes.items()]
        for name, value in [*given.items(), *inner]:
            if name not in _BY_CLASS and not _is_price(value, as_text=name in _TEXTS):
                raise SettingsError(f"{value!r} is no price: {name}", hint=_HINT)
        merged = {name: {**getattr(self, name), **classes} for name, classes in by_class.items()}
        return replace(self, **{**given, **merged})


_BY_CLASS = ("storage", "write_requests", "retrieval")
_TEXTS = frozenset({"as_of", "region"})
_HINT = "`bin/snapper cost --json` shows all prices by their names"
LIST_PRICES = Prices()


def _exactly(dollars: float) -> str:
    """Write a price with all its digits, as AWS does.

    >>> _exactly(0.3), _exactly(0.0000004), _exactly(5), _exactly(0)
    ('$0.3', '$0.0000004', '$5', '$0')
    """
    return f"${dollars:.12f}".rstrip("0").rstrip(".")


def _is_price(value: object, *, as_text: bool) -> bool:
    if as_text:
        return isinstance(value, str) and len(value) <= len("ap-southeast-10, 2026-06-30")
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e6
