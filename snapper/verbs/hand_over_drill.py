"""Drills that do not fit the prover: handed over to a container, which proves the backup too."""

from dataclasses import dataclass

from snapper.values.container import drill_container_name
from snapper.values.drill import Drill
from snapper.values.fit import may_be_large, misfit, misfit_of_container, size_of_drill
from snapper.values.manifest import Manifest
from snapper.verbs.drill_events import named
from snapper.verbs.events import Events
from snapper.verbs.hand_over import Containers


@dataclass(frozen=True)
class DrillHandOver:
    """Where drills are handed over to. The container then owns the outcome of a drill."""

    containers: Containers
    events: Events

    def why(self, manifest: Manifest, disk_bytes: int, seconds: float | None) -> str:
        """Say why a backup is to be proven in a container; nothing where it is not."""
        reason = misfit(manifest, disk_bytes, seconds)
        return reason if reason and not misfit_of_container(manifest) else ""

    def takes_late(self, manifest: Manifest, seconds: float | None) -> bool:
        """Tell whether one goes there that could not be proven here in so many seconds."""
        if seconds is None or misfit_of_container(manifest):
            return False
        return may_be_large(manifest, seconds)

    def take(self, drill: Drill, manifest: Manifest, why: str) -> None:
        """Hand a drill over, and log `drill.handed_over`; raises AwsFailed.

        One that a container is at work on stays with that one.
        """
        name = drill_container_name(drill)
        container = self.containers.submit(drill.to_json(), name, size_of_drill(manifest))
        self.events.emit("drill.handed_over", **named(drill), container=container, reason=why)
