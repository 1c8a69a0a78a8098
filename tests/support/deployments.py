"""Deployments beside the fixture `stage`: quick ones, whose databases nobody serves."""

import platform

from local.children import ROOT
from local.cloud import Cloud
from local.deploy import Deployment, deploy
from local.lambda_host import LambdaHost

# Nobody listens there: the dumper can do all but dump.
NOWHERE = "postgresql://reader:hush@127.0.0.1:1/nothing"
SECRETS = {
    "DATABASE_CONN_STRINGS": f"orders,{NOWHERE},POSTGRES|people,{NOWHERE},POSTGRES",
    "BACKUP_STORAGE_DATA": "orders,2|people,3",
}


def bring_up(cloud: Cloud, host: LambdaHost, stage: str, **settings: str) -> Deployment:
    """Deploy the real program for this machine's processor; destroying takes everything along."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    config = {
        **SECRETS,
        "architecture": "arm64" if arm else "x86_64",
        "deleteBackupsOnDestroy": "true",
        **settings,
    }
    return deploy(cloud, host, ROOT, stage, config)
