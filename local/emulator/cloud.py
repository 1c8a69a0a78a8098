"""An AWS of our own on this machine's loopback, for one run.

    with Cloud.start(run_dir) as cloud:
        cloud.client("s3").list_buckets()

It checks signatures and IAM policies, speaks TLS only, keeps every file in `run_dir` and leaves
nothing behind. Any number of clouds can run side by side.
"""

import contextlib
import http.client
import os
import secrets
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from local.emulator.certificate import Certificate, make_certificate
from local.emulator.server import HEALTH
from local.loopback import LOOPBACK
from snapper.errors import SnapperError
from snapper.machine import children, python

START_SECONDS = 300.0  # of a machine that is busy with other things
ACCOUNT = "000000000000"
SERVICES = (
    "batch,ec2,events,iam,kms,lambda,logs,monitoring,s3,scheduler,secretsmanager,sns,sqs,ssm,sts"
)
# Where a developer's own AWS profile must not be looked for.
NO_FILE = os.devnull


class CloudFailed(SnapperError):
    """The embedded cloud did not start."""


class Cloud:
    """A running emulator; `start` makes one, `stop` or the end of `with` ends it."""

    def __init__(self, directory: Path, port: int, certificate: Certificate, region: str) -> None:
        self.directory = directory
        self.region = region
        self.account = ACCOUNT
        self.address = f"{LOOPBACK}:{port}"
        self.endpoint_url = f"https://{self.address}"
        self.ca_bundle = certificate.authority
        self._certificate = certificate
        self._root = {
            "aws_access_key_id": f"LOCALROOT{secrets.token_hex(16).upper()}",
            "aws_secret_access_key": secrets.token_urlsafe(30),
        }
        self._log = directory / "emulator.log"
        self._child: children.Child | None = None
        self._lock = threading.Lock()
        self._session = _session()
        self._clients: dict[str, Any] = {}

    @classmethod
    def start(cls, run_dir: Path, *, region: str = "us-east-1") -> Self:
        """Start an emulator with all its files in `run_dir`; gives it when it answers.

        Raises CloudFailed, with the last lines of its log, if it does not.
        """
        directory = run_dir.resolve() / "emulator"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("temporary", "state", "objects"):
            (directory / name).mkdir(exist_ok=True)
        with socket.create_server((LOOPBACK, 0), backlog=512) as listener:
            port = listener.getsockname()[1]
            cloud = cls(directory, port, make_certificate(directory), region)
            cloud._spawn(listener)
        try:
            cloud._wait()
        except BaseException:
            cloud.stop()
            raise
        return cloud

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401 (boto3 has no types of its own)
        """Give the boto3 client of a service, as the account's root; the same one each time.

        It signs for the cloud's own region, or the one that is named: all are at one address.
        """
        name = f"{service} {region or self.region}"
        with self._lock:  # boto3 may build only one client at a time
            if name not in self._clients:
                self._clients[name] = self._build(service, region, **self._root)
            return self._clients[name]

    def client_as(self, service: str, role_arn: str, region: str | None = None) -> Any:  # noqa: ANN401 (as above)
        """Give a new client of a service that may do what the role may."""
        return self.client_with(service, self.credentials(role_arn, "snapper"), region)

    def client_with(
        self, service: str, credentials: Mapping[str, str], region: str | None = None
    ) -> Any:  # noqa: ANN401 (as above)
        """Give a new client of a service for whoever `credentials` has given these variables."""
        with self._lock:
            return self._build(
                service, region, **{name.lower(): value for name, value in credentials.items()}
            )

    def credentials(self, role_arn: str, session: str) -> dict[str, str]:
        """Take on a role for an hour; gives the environment variables that prove it."""
        assumed = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session)
        given = assumed["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def place(self) -> dict[str, str]:
        """Give the environment variables by which any AWS SDK finds this cloud, and only it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": str(self.ca_bundle),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": NO_FILE,
            "AWS_SHARED_CREDENTIALS_FILE": NO_FILE,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": LOOPBACK,
        }

    def environment(self) -> dict[str, str]:
        """Give what a child process needs to be root here; add it to the child's environment."""
        return self.place() | {name.upper(): value for name, value in self._root.items()}

    def stop(self) -> None:
        """End the emulator. Its state is gone; the files in the run directory are yours."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            child, self._child = self._child, None
        if child:
            # It has nothing to save, and an open TLS connection would hold up a farewell.
            children.stop(child, grace=0.0, farewell=signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _build(self, service: str, region: str | None = None, **identity: str) -> Any:  # noqa: ANN401 (as above)
        return self._session.client(
            service,
            region_name=region or self.region,
            endpoint_url=self.endpoint_url,
            verify=str(self.ca_bundle),
            config=Config(
                proxies={},  # a proxy of the machine's must not be asked for the machine itself
                read_timeout=960,  # a function may take 900 s, and must not be called twice
                retries={"mode": "standard"},
                s3={"addressing_style": "path"},
            ),
            **identity,
        )

    def _spawn(self, listener: socket.socket) -> None:
        command = [sys.executable, *python.running("local.emulator.server")]
        with self._log.open("wb") as log:
            self._child = children.spawn(
                [*command, self._certificate.chain, self._certificate.key],
                environment=self._settings(),
                directory=self.directory,
                stdin=listener.fileno(),
                stdout=log,
                stderr=log,
                farewell=signal.SIGKILL,
            )

    def _settings(self) -> dict[str, str]:
        """All that the emulator gets; nothing of our own environment reaches it."""
        home = str(self.directory)
        return {
            **{name.upper(): value for name, value in self._root.items()},
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "TMPDIR": f"{home}/temporary",
            "STATE_DIR": f"{home}/state",
            "S3_DATA_DIR": f"{home}/objects",
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "GATEWAY_PORT": self.address.rpartition(":")[2],
            "MINISTACK_REGION": self.region,
            "MINISTACK_ACCOUNT_ID": self.account,
            "MINISTACK_SSL_CERT": str(self._certificate.chain),
            "MINISTACK_SSL_KEY": str(self._certificate.key),
            "USE_SSL": "1",
            "AUTH": "true",
            "SERVICES": SERVICES,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
            "LOG_LEVEL": "INFO",
        }

    def _wait(self) -> None:
        """Ask for the emulator's health once: the kernel holds the question until it is up."""
        context = ssl.create_default_context(cafile=str(self.ca_bundle))
        asked = http.client.HTTPSConnection(self.address, timeout=START_SECONDS, context=context)
        with contextlib.closing(asked):
            try:
                asked.request("GET", HEALTH)
                status = asked.getresponse().status
            except (OSError, http.client.HTTPException) as error:
                raise self._failed(f"the embedded cloud did not start: {error}") from error
        if status != http.client.OK:
            raise self._failed(f"the embedded cloud is not well: it answers {status}")

    def _failed(self, fact: str) -> CloudFailed:
        last = "\n".join(self._log.read_text(errors="replace").splitlines()[-10:])
        return CloudFailed(f"{fact}\n{last}".rstrip(), hint=f"its log is {self._log}")


def _session() -> Any:  # noqa: ANN401 (as above)
    """Make a boto3 session that knows nothing of the machine's own AWS profiles and variables."""
    settings = BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    unset = {name: (None, None, default, kind) for name, (_, _, default, kind) in settings}
    files = {name: (None, None, NO_FILE, None) for name in ("config_file", "credentials_file")}
    return boto3.session.Session(
        botocore_session=botocore.session.Session(session_vars={**unset, **files})
    )
