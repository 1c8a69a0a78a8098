"""What a container of AWS Batch runs first: it fetches the functions' own zips and becomes the job.

The image has Lambda's Python and libraries and nothing of ours, so this file stands alone: it is
the one argument of the container. Each zip is named by its SHA-256, which is checked before
anything of it is unpacked: the code where Lambda has it, and the layers under /opt.
"""

import hashlib
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

AGAIN = 75
"""The exit status that says: the same may go well in a minute."""

SDK = "/var/runtime"
"""Where Lambda's images have boto3, which only Lambda's own start puts on the path."""


class Refused(Exception):
    """The container cannot become the job; `status` is what it exits with."""

    def __init__(self, fact: str, status: int) -> None:
        super().__init__(fact)
        self.status = status


def connect() -> Any:  # noqa: ANN401  boto3 has no types
    """Make the client of S3, as the job's role; boto3 is the image's own."""
    sys.path.append(SDK)
    import boto3

    return boto3.client("s3")


def fetch(client: Any, bucket: str, digest: str, into: IO[bytes]) -> None:  # noqa: ANN401  as above
    """Write the zip of this SHA-256 into a file; raise Refused where it is another, or none."""
    seen = hashlib.sha256()
    try:
        body = client.get_object(Bucket=bucket, Key=f"{digest}.zip")["Body"]
        for piece in body.iter_chunks(1 << 20):
            seen.update(piece)
            into.write(piece)
    except Exception as error:
        raise Refused(f"{digest}.zip cannot be read from {bucket}: {error}", AGAIN) from None
    if seen.hexdigest() != digest:
        raise Refused(f"{digest}.zip in {bucket} is another: its SHA-256 is {seen.hexdigest()}", 1)
    into.seek(0)


def unpack(archive: IO[bytes], directory: Path) -> None:
    """Unpack a zip with the modes of its files, which make programs executable."""
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            path = Path(packed.extract(entry, directory))
            if (mode := entry.external_attr >> 16 & 0o777) and not entry.is_dir():
                path.chmod(mode)


def variables(given: Mapping[str, str], task: Path, layers: Path) -> dict[str, str]:
    """Give the job the environment that Lambda gives a function."""
    kept = {name: value for name, value in given.items() if name not in ("BASH_ENV", "_HANDLER")}
    return {
        **kept,
        "PATH": f"{given.get('PATH', os.defpath)}:{layers}/bin",
        "LD_LIBRARY_PATH": ":".join(
            filter(None, (given.get("LD_LIBRARY_PATH", ""), f"{layers}/lib"))
        ),
        "PYTHONPATH": f"{task}:{layers}/python",
        "PYTHONUNBUFFERED": "1",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": str(task),
    }


def main() -> None:
    """Fetch and unpack, then become the job; ends with a line in the log where that fails."""
    task = Path(os.environ.get("LAMBDA_TASK_ROOT", "/var/task"))
    layers = Path(os.environ.get("SNAPPER_CLIENTS", "/opt"))
    try:
        client, bucket = connect(), os.environ["SNAPPER_CODE_BUCKET"]
        code, *others = os.environ["SNAPPER_CODE"].split()
        for digest, directory in ((code, task), *((each, layers) for each in others)):
            with tempfile.TemporaryFile() as archive:
                fetch(client, bucket, digest, archive)
                unpack(archive, directory)
        os.chdir(task)
    except Exception as error:
        status = error.status if isinstance(error, Refused) else 1
        told = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        print(json.dumps({"level": "ERROR", "message": "start.failed", "reason": told}), flush=True)
        sys.exit(status)
    command = [sys.executable, "-m", os.environ.get("SNAPPER_MODULE", "functions.job")]
    os.execve(sys.executable, command, variables(os.environ, task, layers))  # noqa: S606  our own


if __name__ == "__main__":
    main()
