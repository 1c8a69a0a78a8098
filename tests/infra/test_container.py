"""The properties of a container, and how the image's own start becomes ours."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.container import DIGEST, ENTRY, IMAGE, START, container

# What the image holds, as far as it matters. Source: `/lambda-entrypoint.sh` and
# `/var/runtime/bootstrap` of public.ecr.aws/lambda/python.
ENTRYPOINT = """#!/bin/sh
if [ $# -ne 1 ]; then exit 142; fi
export _HANDLER="$1"
if [ -z "${AWS_LAMBDA_RUNTIME_API}" ]; then exec EMULATOR BOOTSTRAP; else exec BOOTSTRAP; fi
"""
BOOTSTRAP = "#!/bin/bash\necho the runtime began\n"


def properties(**differing: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        container(
            **{
                "architecture": "arm64",
                "environment": {"A": "b"},
                "log_group": "/aws/batch/a",
                "region": "eu-central-1",
                "roles": ("job", "start"),
                "public": True,
                **differing,
            }
        )
    )
    return said


def test_the_image_is_named_by_a_digest() -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", DIGEST)
    assert IMAGE.endswith(f"@{DIGEST}")


def test_the_argument_of_the_image_is_our_start_alone_and_fits() -> None:
    """Source: "Job definition parameters", which limits a definition to 24 KiB."""
    assert properties()["command"] == [START.read_text()]
    assert len(json.dumps(properties())) < 16_384


@pytest.mark.parametrize(("public", "said"), [(True, "ENABLED"), (False, "DISABLED")])
def test_only_in_public_subnets_there_is_a_public_address(public: bool, said: str) -> None:
    assert properties(public=public)["networkConfiguration"] == {"assignPublicIp": said}


@pytest.mark.parametrize(("ours", "theirs"), [("arm64", "ARM64"), ("x86_64", "X86_64")])
def test_the_processor_is_that_of_the_functions(ours: str, theirs: str) -> None:
    assert properties(architecture=ours)["runtimePlatform"]["cpuArchitecture"] == theirs


def test_the_images_own_start_becomes_ours_which_leads_and_knows_nothing_of_it(
    tmp_path: Path,
) -> None:
    bootstrap, entrypoint = tmp_path / "bootstrap", tmp_path / "entrypoint"
    for path, text in ((bootstrap, BOOTSTRAP), (entrypoint, ENTRYPOINT)):
        path.write_text(text.replace("BOOTSTRAP", str(bootstrap)))
        path.chmod(0o755)
    entry = {
        name: value.replace("/tmp", str(tmp_path)).replace("/var/lang/bin/python3", sys.executable)
        for name, value in ENTRY.items()
    }
    started = subprocess.Popen(
        [entrypoint, 'import os\nprint(os.getpid(), sorted(os.environ))\nprint("it\'s $A")'],
        env={"PATH": "/usr/bin:/bin", **entry},
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = started.communicate(timeout=300)
    first, second = said.splitlines()
    assert first.startswith(f"{started.pid} "), "a signal to the container reaches it"
    assert not [name for name in ENTRY if name in first]
    assert second == "it's $A"
