"""The options of all databases of a stage, read from its config with every fault at once."""

from collections.abc import Collection, Mapping
from datetime import datetime

from snapper.values.nearest import did_you_mean
from snapper.values.options import SETTING, Options
from snapper.values.packing import ROOM
from snapper.values.schedule import parse_schedule, why_never


def parse_options(
    given: object, known: Collection[str], faults: list[str], now: datetime
) -> dict[str, Options]:
    """Read the options of every database of a stage, by key; every fault joins `faults`.

    A schedule that never fires from now on is one of them; when it has been deployed it may end.
    """
    if not isinstance(given, Mapping):
        faults.append(f"{SETTING} must hold the options of each database under its key")
        return {}
    read: dict[str, Options] = {}
    for key, options in given.items():
        if key not in known:
            meant = did_you_mean(str(key), known) or f"the stage has {', '.join(sorted(known))}"
            faults.append(f"{SETTING}.{key} is no database: {meant}")
        wrong: list[str] = []
        read[key] = Options.read_into(options, wrong)
        if (schedule := read[key].schedule) and (never := why_never(parse_schedule(schedule), now)):
            wrong.append(f"schedule is {schedule}, it {never}")
        faults.extend(f"{SETTING}.{key}: {fault}" for fault in wrong)
        if len(read[key].to_json().encode()) > ROOM:
            faults.append(f"{SETTING}.{key} has options of more than {ROOM} bytes")
    return read
