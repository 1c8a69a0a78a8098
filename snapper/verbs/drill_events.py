"""The fields that are in every event of a drill."""

from snapper.values.drill import Drill
from snapper.values.job import write_time


def named(drill: Drill) -> dict[str, str]:
    """Give the fields by which every event names its drill."""
    return {
        "database": drill.database,
        "scheduled_at": write_time(drill.taken_at),
        "ordered_at": write_time(drill.ordered_at),
    }
