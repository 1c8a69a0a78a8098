"""Databases of a stage beside those of Pulumi's config: added and removed while it runs."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from snapper.aws.added import Added
from snapper.aws.adding import Change, change
from snapper.aws.parameters import Parameters
from snapper.engines.checks import option_faults, usability_checks
from snapper.errors import SecretsInvalid, SettingsError
from snapper.values import sealed_for, stage_checks, unprovable
from snapper.values.options import SETTING, Options
from snapper.values.rules import Retention, Rules
from snapper.values.secrets import Database, parse_secrets, with_options
from snapper.values.service import Service
from snapper.values.settings import CONNECTIONS, RETENTIONS
from snapper.values.table import Row
from snapper.verbs.run import those_meant

_DEPLOYED = {"auth": "a right", "secret": "a right", "caBundle": "a file"}
"""Options for which the functions need something that only a deployment gives them."""

_WHAT = "the databases"
_HINT = "nothing was added"


@dataclass(frozen=True)
class Kept:
    """A database of the stage; `configured` and `added` say where it is, and it may be in both."""

    key: str
    retention: Retention
    options: Options
    configured: bool
    added: bool


@dataclass(frozen=True)
class Changed:
    """What a change did, or would do, by key."""

    new: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def kept(parameters: Parameters, added: Added) -> list[Kept]:
    """List all databases of the stage, in the order of their keys."""
    configured, rows = set(parameters.configured_keys()), added.rows
    return [
        Kept(key, parameters.retention(key), options, key in configured, key in rows)
        for key, options in sorted(parameters.options().items())
    ]


def read(
    secrets: Mapping[str, str],
    options: object,
    parameters: Parameters,
    service: Service,
    *,
    from_here: bool,
) -> tuple[Database, ...]:
    """Read the databases to add, as a deployment would read them.

    Raises SecretsInvalid with every fault at once, also of keys that Pulumi's config has.
    """
    faults: list[str] = []
    found: tuple[Database, ...] = ()
    try:
        usable = usability_checks(from_here=from_here)
        found = parse_secrets(secrets[CONNECTIONS], secrets[RETENTIONS], usable)
    except SecretsInvalid as invalid:
        faults += invalid.faults
    known = parameters.options()
    configured = parameters.configured_keys()
    found = with_options(found, options, faults, datetime.now(UTC))
    faults += option_faults(found)
    faults += unprovable.faults(service.proving, found) if service.prover else ()
    schedules = {known[key].schedule for key in configured} - {""}
    faults += sealed_for.option_faults(service.sealed_for, found)
    faults += _faults(found, configured, schedules, service)
    if faults:
        raise SecretsInvalid(tuple(faults), _HINT, _WHAT)
    return found


def add(added: Added, databases: Sequence[Database], *, dry_run: bool) -> Changed:
    """Add the databases, or put them in the place of those of the same keys; all, or none.

    Raises AwsFailed.
    """
    keys = sorted(each.key for each in databases)

    def told(rows: Mapping[str, Row]) -> Changed:
        return Changed(
            new=tuple(key for key in keys if key not in rows),
            replaced=tuple(key for key in keys if key in rows),
        )

    return _do(added, told, lambda _: Change(tuple(databases)), dry_run=dry_run)


def remove(added: Added, keys: Collection[str], *, dry_run: bool) -> Changed:
    """Remove the databases of these keys, or all that were added if none is named.

    Their backups stay. Raises SettingsError if one is not there, and then removes none; AwsFailed.
    """

    def told(rows: Mapping[str, Row]) -> Changed:
        if unknown := sorted(set(keys) - set(rows)):
            raise SettingsError(
                f"{', '.join(unknown)} was not added to the stage",
                hint=f"{those_meant(unknown, rows)}; what Pulumi's config has is removed there",
            )
        return Changed(removed=tuple(sorted(keys or rows)))

    def plan(rows: Mapping[str, Row]) -> Change:
        return Change(gone=frozenset(told(rows).removed))

    return _do(added, told, plan, dry_run=dry_run)


def _do(
    added: Added,
    told: Callable[[Mapping[str, Row]], Changed],
    plan: Callable[[Mapping[str, Row]], Change],
    *,
    dry_run: bool,
) -> Changed:
    if dry_run:
        return told(added.rows)
    done: list[Changed] = []

    def note(rows: Mapping[str, Row]) -> Change:
        done.append(told(rows))
        return plan(rows)

    change(added, note)
    return done[-1]


def _faults(
    databases: Collection[Database],
    configured: Collection[str],
    schedules: Collection[str],
    service: Service,
) -> Iterator[str]:
    """Tell of what only a deployment can have, and of what contradicts the stage."""
    for each in databases:
        where, options = f"{SETTING}.{each.key}", each.options
        if each.key in configured:
            yield f"{each.key} is in Pulumi's config already: change it there, or take another key"
        for name in options.to_dict().keys() & _DEPLOYED.keys():
            yield (
                f"{where}: {name} takes {_DEPLOYED[name]} that only pulumi up gives the functions: "
                "put this database into Pulumi's config"
            )
        if isinstance(each.retention, Rules) and not service.knows_rules:
            yield (
                f"{each.key} keeps {each.retention}, and the stage was deployed by an older "
                "release that only knows counts: pulumi up with this release"
            )
        if options.schedule and options.schedule not in schedules:
            yield (
                f"{where}: schedule is {options.schedule}, and no database of Pulumi's config has "
                "it: only pulumi up makes the rule that fires it"
            )
    large = bool(service.container_log_group)
    yield from stage_checks.option_faults(
        databases, service.schedule, service.longest_dump, large=large
    )
