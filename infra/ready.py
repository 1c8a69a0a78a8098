"""What is made of the settings before any resource: the zips, and which kinds of containers."""

import pulumi

from infra.authorities import Deployed, deployed
from infra.package import Packages, build_packages
from infra.queue import LARGE, LARGE_DRILLS, LARGE_RESTORES
from infra.settings import StackSettings
from snapper.errors import SnapperError


def containers_of(settings: StackSettings) -> tuple[str, ...]:
    """Name the kinds of containers that the stage has."""
    kinds = (LARGE, LARGE_DRILLS) if settings.large_databases else ()
    return (*kinds, LARGE_RESTORES) if settings.targets else kinds


def packages_of(settings: StackSettings) -> tuple[Packages, Deployed]:
    """Build the zips; gives the databases as they travel too, with the names of files in them."""
    try:
        ready = deployed(settings.databases, settings.ca_bundle, settings.targets)
        return build_packages(settings.architecture, authorities=ready.files), ready
    except SnapperError as error:
        # Pulumi prints a RunError without its stack trace, which would hide what to do.
        raise pulumi.RunError("\n".join(filter(None, (str(error), error.hint)))) from error
