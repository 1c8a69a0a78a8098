"""`snapper policy`: the IAM policies that operators need, and those of who deploys a stage."""

import json as jsons
import os
from enum import StrEnum
from typing import Annotated, Any

import typer

from snapper.aws import policies
from snapper.aws.policies import Rights
from snapper.cli.options import ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.cli.streams import write_document
from snapper.machine.children import ROOT
from snapper.values.deployer import narrowed
from snapper.values.place import partition_of


class Policy(StrEnum):
    """Which policy is printed: an operator's, or one of those of who deploys."""

    READ = Rights.READ
    RESTORE = Rights.RESTORE
    RESTORE_IN_CLOUD = Rights.RESTORE_IN_CLOUD
    PROVE = Rights.PROVE
    OPERATE = Rights.OPERATE
    DEPLOY = "deploy"
    DEPLOY_LARGE = "deploy-large"
    DEPLOY_KEYS = "deploy-keys"
    DEPLOY_REPLICA = "deploy-replica"
    BOUNDARY = "boundary"


_DOCUMENTS = {
    Policy.DEPLOY: "deploy-policy.json",
    Policy.DEPLOY_LARGE: "deploy-large-policy.json",
    Policy.DEPLOY_KEYS: "deploy-keys-policy.json",
    Policy.DEPLOY_REPLICA: "deploy-replica-policy.json",
    Policy.BOUNDARY: "boundary.json",
}


def policy(
    rights: Annotated[
        Policy,
        typer.Argument(
            metavar="RIGHTS",
            help="read: look; restore: read backups too; operate: every command; "
            "restore-in-cloud: have a container restore; prove: prove a key. "
            "deploy: pulumi up; deploy-large, deploy-keys, deploy-replica: with largeDatabases, "
            "tamperEvident or replica these too; "
            "boundary: the most that a function may have.",
        ),
    ] = Policy.READ,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: Annotated[bool, typer.Option("--json", hidden=True)] = False,  # noqa: ARG001  it always is
) -> None:
    """Print an IAM policy for people who operate or deploy this stage, as JSON.

    Each of read, restore and operate includes the ones before it; operate also restore-in-cloud,
    whose container can be made to read every backup and target, and prove, for who keeps a key.
    Printing one needs only the right to read the parameter /snapper/STAGE/SERVICE, so whoever
    deploys can print all of them.

    `deploy` is docs/deploy-policy.json for this stage alone, and so are the others that begin like
    it, and `boundary`, those of their names. They need neither AWS nor a stage that exists.
    """
    if rights in _DOCUMENTS:
        write_document(_of_deployer(_DOCUMENTS[rights], stage, region), indent=2)
        return
    opened = Stage.open(stage, profile, region)
    write_document(policies.policy(opened.service, Rights(rights)), indent=2)


def _of_deployer(document: str, stage: str, region: str | None) -> dict[str, Any]:
    where = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    return narrowed(jsons.loads((ROOT / "docs" / document).read_text()), stage, partition_of(where))
