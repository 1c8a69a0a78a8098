"""What a restore has done, as JSON: a container's log brings it to who has ordered it."""

from collections.abc import Iterable, Mapping
from typing import Any

from snapper.engines.facts import Restoration
from snapper.values import document
from snapper.values.left_out import LeftOut
from snapper.verbs.restoring import Done

MOST = 500
"""Of each kind so many things are named that are left out or missing."""


def to_dict(done: Done) -> dict[str, Any]:
    """Give it as JSON values; of very many things that are not there, the first are named."""
    came = done.came or Restoration()
    unnamed = [
        f"{len(found) - MOST} more things are {what}, and not named here"
        for what, found in (("left out", came.left_out), ("missing", came.missing))
        if len(found) > MOST
    ]
    return {
        "place": done.place,
        "creates": done.creates,
        "creates_roles": list(done.creates_roles),
        "warnings": list(done.warnings),
        "commands": list(done.commands),
        "told": [*came.warnings, *unnamed],
        "left_out": [each.to_dict() for each in came.left_out[:MOST]],
        "missing": [each.to_dict() for each in came.missing[:MOST]],
        "kept_as": came.kept_as,
        "accepting": came.accepting,
        "jobs": came.jobs,
        "seconds": done.seconds or 0.0,
    }


def from_dict(found: Mapping[str, Any]) -> Done:
    """Read what a container has reported; raise ValueError if that is no report."""
    try:
        return _read(found)
    except (KeyError, TypeError, AttributeError):
        raise ValueError("no report of a restore") from None


def _read(found: Mapping[str, Any]) -> Done:
    came = Restoration(
        warnings=_texts(found["told"]),
        left_out=_left_out(found["left_out"]),
        missing=_left_out(found["missing"]),
        kept_as=document.text(found["kept_as"]),
        accepting=document.text(found["accepting"]),
        jobs=document.size(found["jobs"]),
    )
    return Done(
        place=document.text(found["place"]),
        creates=document.flag(found["creates"]),
        creates_roles=_texts(found["creates_roles"]),
        warnings=_texts(found["warnings"]),
        commands=_texts(found["commands"]),
        came=came,
        seconds=document.seconds(found["seconds"]),
    )


def _texts(found: Iterable[object]) -> tuple[str, ...]:
    return tuple(document.text(each) for each in found)


def _left_out(found: Iterable[Mapping[str, object]]) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(
            kind=document.text(each["kind"]),
            name=document.text(each["name"]),
            sqlstate=document.text(each["sqlstate"]),
            reason=document.text(each["reason"]),
            rows=document.flag(each["rows"]),
        )
        for each in found
    )
