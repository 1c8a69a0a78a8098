"""One attempt at a drill, as the prover and a container make it."""

from collections.abc import Callable

from functions.defect import place_of
from functions.telemetry import Telemetry
from snapper.errors import SnapperError
from snapper.values.drill import Drill
from snapper.verbs.drill_events import named

DEFECT = 1
"""The status after a defect of ours."""


def attempt(drill: Drill, prove: Callable[[Drill], int], telemetry: Telemetry) -> int:
    """Give the status that `prove` gives; or log `drill.untried`, and give that of the reason."""
    try:
        return prove(drill)
    except SnapperError as error:
        status = error.exit_code
        fields: dict[str, str | float] = {
            "kind": type(error).__name__,
            "reason": str(error),
            "hint": error.hint,
        }
    except Exception as error:
        # A defect of ours must be as loud as any failure, but its text may hold anything.
        status, fields = DEFECT, place_of(error)
    telemetry.emit("drill.untried", **named(drill), **fields)
    return status
