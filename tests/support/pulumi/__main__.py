"""Try the program on Pulumi's real engine by hand, on an embedded cloud that ends with the command.

.venv/bin/python -m tests.support.pulumi bash -c 'pulumi stack init prod && … && pulumi up --yes'
"""

import contextlib
import os
import subprocess
import sys

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.machine.run_directory import run_directory
from tests.support.pulumi import installation
from tests.support.pulumi.workspace import Workspace


def main(command: list[str]) -> int:
    """Run the command in a workspace of its own, and give its exit status."""
    if not (found := installation.find()):
        print(installation.MISSING, file=sys.stderr)
        return 1
    with (
        contextlib.suppress(KeyboardInterrupt),
        run_directory() as directory,
        Cloud.start(directory / "cloud") as cloud,
        LambdaHost(cloud, directory / "cloud") as host,
        Workspace.open(directory / "pulumi", found, cloud, host) as workspace,
    ):
        environment = {**os.environ, **cloud.environment(), **workspace.environment}
        project = workspace.directory / "project"
        return subprocess.run(command or ["bash"], cwd=project, env=environment).returncode
    return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
