"""The deployed rights of a role, and every way to take one thing away from them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.emulator.cloud import Cloud

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Weakening:
    """What is left of a policy, and what exactly was taken away."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    left: tuple[Statement, ...]

    def __str__(self) -> str:
        return f"{', '.join(self.actions)} on {', '.join(self.resources)}"


def listed(value: str | Sequence[str]) -> tuple[str, ...]:
    """IAM takes one thing for a list of one."""
    return (value,) if isinstance(value, str) else tuple(value)


def without_a_statement(statements: Sequence[Statement]) -> Iterator[Weakening]:
    """Take away every statement."""
    for number, whole in enumerate(statements):
        yield _weakening(statements, number, whole)


def without_a_part(statements: Sequence[Statement]) -> Iterator[Weakening]:
    """Take away every action and every resource, the smallest things there are to miss."""
    for number, whole in enumerate(statements):
        lists = {key: listed(whole[key]) for key in ("Action", "Resource")}
        for key, parts in lists.items():
            for part in parts if len(parts) > 1 else ():
                rest = {**whole, key: [other for other in parts if other != part]}
                yield _weakening(statements, number, {**whole, key: part}, rest)
        if all(len(parts) == 1 for parts in lists.values()):
            yield _weakening(statements, number, whole)


def _weakening(
    statements: Sequence[Statement], number: int, lost: Statement, *instead: Statement
) -> Weakening:
    left = (*statements[:number], *instead, *statements[number + 1 :])
    return Weakening(listed(lost["Action"]), listed(lost["Resource"]), left)


class Rights:
    """The one inline policy of a role; it has no other rights."""

    def __init__(self, cloud: Cloud, role: str) -> None:
        self._iam = cloud.client("iam")
        self._role = role
        assert self._iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
        (self._name,) = self._iam.list_role_policies(RoleName=role)["PolicyNames"]
        read = self._iam.get_role_policy(RoleName=role, PolicyName=self._name)["PolicyDocument"]
        self._document = json.loads(read) if isinstance(read, str) else read
        self.statements: tuple[Statement, ...] = tuple(self._document["Statement"])

    @contextmanager
    def weakened(self, by: Weakening) -> Iterator[None]:
        """Let the role have less for a while."""
        self._put({**self._document, "Statement": list(by.left)})
        try:
            yield
        finally:
            self._put(self._document)

    def _put(self, policy: Mapping[str, Any]) -> None:
        self._iam.put_role_policy(
            RoleName=self._role, PolicyName=self._name, PolicyDocument=json.dumps(policy)
        )
