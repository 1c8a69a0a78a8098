"""Whose resources these are: the names and tags that keep the stages of one account apart."""

from dataclasses import dataclass

from snapper.values.settings import parameter_root

PROJECT = "snapper"


@dataclass(frozen=True)
class Scope:
    """One stage of the service; every physical name, path and tag of it comes from here."""

    stage: str

    def name(self, part: str, mark: str | None = None) -> str:
        """Give the physical name of a part, or of one of many that bear a mark.

        No two stages share a name. The parts are few, and none ends like another after a hyphen.
        A mark could: the `_` before it is in no stage and no part.

        >>> Scope("prod").name("jobs")
        'snapper-prod-jobs'
        >>> Scope("prod").name("schedule", "0a1b2c3d")
        'snapper-prod-schedule_0a1b2c3d'
        """
        name = f"{PROJECT}-{self.stage}-{part}"
        return name if mark is None else f"{name}_{mark}"

    @property
    def parameter_root(self) -> str:
        """The SSM path under which everything of this stage lies."""
        return parameter_root(self.stage)

    @property
    def tags(self) -> dict[str, str]:
        """What everything taggable carries, so that costs and strays can be found."""
        return {"project": PROJECT, "stage": self.stage}
