"""Whose resources these are: the names and tags that keep the stages of one account apart."""

from dataclasses import dataclass

from snapper.values.settings import parameter_root

PROJECT = "snapper"


@dataclass(frozen=True)
class Scope:
    """One stage of the service; every physical name, path and tag of it comes from here."""

    stage: str

    def name(self, part: str) -> str:
        """Give the physical name of a part.

        >>> Scope("prod").name("jobs")
        'snapper-prod-jobs'
        """
        return f"{PROJECT}-{self.stage}-{part}"

    @property
    def parameter_root(self) -> str:
        """The SSM path under which everything of this stage lies."""
        return parameter_root(self.stage)

    @property
    def tags(self) -> dict[str, str]:
        """What everything taggable carries, so that costs and strays can be told apart."""
        return {"project": PROJECT, "stage": self.stage}
