"""Builders for tests on the embedded cloud: roles, zips, and functions made of a few lines."""

import json
import textwrap
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.deployment.resources.functions import PROXY
from local.emulator.cloud import Cloud
from local.runtime.host import Function, LambdaHost
from snapper.machine.watchdog import process_table

LONGEST = 300.0
"""Seconds that a test waits for what must happen. No machine is so busy that it takes so long: it
only ends a test that would hang."""

LAMBDA = {"Service": "lambda.amazonaws.com"}


def allow(action: str | list[str], resource: str) -> dict[str, Any]:
    """One statement of a policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def document(*statements: Mapping[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def make_role(cloud: Cloud, name: str, *statements: Mapping[str, Any]) -> str:
    """Make a role that Lambda may take on and that may do no more than the statements say."""
    iam = cloud.client("iam")
    trust = document({"Effect": "Allow", "Principal": LAMBDA, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        rights = document(*statements)
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
    return str(arn)


def refused(call: Callable[..., object], **arguments: object) -> bool:
    """Tell whether AWS denies the call to its caller; any other error is raised."""
    try:
        call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # The second is SNS's own word.
        if "AccessDenied" in code or code == "AuthorizationError":
            return True
        raise
    return False


def write_zip(path: Path, files: Mapping[str, str], modes: Mapping[str, int] | None = None) -> Path:
    """Write a zip of these texts; a mode may also make one a symbolic link."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (modes or {}).get(name, 0o100644) << 16
            archive.writestr(entry, textwrap.dedent(text))
    return path


def make_function(
    cloud: Cloud,
    host: LambdaHost,
    directory: Path,
    name: str,
    source: str,
    *rights: Mapping[str, Any],
    **settings: Any,
) -> Function:
    """Make a function of some Python source with a handler `handler`, ready to be called."""
    archive = write_zip(directory / f"{name}.zip", {"app.py": source})
    role = make_role(cloud, name, *rights)
    function = Function(name, "app.handler", archive, role, **{"timeout": 600, **settings})
    host.install(function)
    cloud.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Handler=function.handler,
        Runtime="python3.13",
        Timeout=function.timeout,
        Code={"ZipFile": archive.read_bytes()},
        Environment={"Variables": {**function.environment, PROXY: host.url(name)}},
    )
    return function


def invoke(cloud: Cloud, name: str, event: object = None) -> Any:
    """Call a function and give its result; an error of the function is given as such."""
    answer = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return json.loads(answer["Payload"].read())


def eventually(
    condition: Callable[[], Any], seconds: float = LONGEST, what: str = "it did not happen"
) -> Any:
    """Wait until the condition gives something true, and give it; fail the test if it does not."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} within {seconds:g} seconds")
        time.sleep(0.02)
    return value


def lives(number: int) -> bool:
    """Tell whether a process with this number lives."""
    return number in process_table([number])
