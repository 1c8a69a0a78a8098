"""The signpost: a parameter that names all parts, for a tool that knows only the stage."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pulumi
import pulumi_aws as aws

import snapper
from infra.scope import Scope
from infra.settings import StackSettings
from snapper.values.recipients import to_text
from snapper.values.service import Service
from snapper.values.settings import service_parameter


@dataclass(frozen=True)
class SignpostArgs:
    """Whose signpost, and what stands on it: the fields of a Service."""

    scope: Scope
    facts: Mapping[str, pulumi.Input[str]]


def decided(settings: StackSettings) -> dict[str, str]:
    """Give the facts that the operator has decided."""
    return {
        "kms_key": settings.kms_key,
        "object_lock": settings.object_lock.to_text() if settings.object_lock else "",
        "parameter_root": settings.scope.parameter_root,
        "drill": settings.drill,
        "proven_within_days": settings.said_within_days,
        "drill_identity": settings.told_drill_identity,
        "drill_disk_gb": str(settings.drill_disk_gb),
        "architecture": settings.architecture,
        "dumper_memory": str(settings.dumper_memory),
        "dumper_timeout": str(settings.dumper_timeout),
        "late_after_hours": str(settings.late_after_hours),
        "recipient_proven_within_days": settings.said_recipient_proven_within_days,
        "time_zone": settings.time_zone,
        "recipients": to_text(settings.sealed_for.recipients),
        "version": snapper.__version__,
    }


class Signpost(pulumi.ComponentResource):
    """The facts as JSON in a plain parameter: whoever may read it learns no secret."""

    def __init__(
        self, name: str, args: SignpostArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Signpost", name, None, opts)
        aws.ssm.Parameter(
            f"{name}-parameter",
            name=service_parameter(args.scope.parameter_root),
            type="String",
            tier="Standard",
            value=pulumi.Output.all(**args.facts).apply(
                lambda facts: json.dumps(asdict(Service(**facts)), sort_keys=True)
            ),
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({})
