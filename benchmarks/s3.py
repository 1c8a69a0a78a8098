"""An S3 on loopback, as much of it as an upload asks for, in a process of its own.

    python -m benchmarks.s3 SECONDS_PER_PART [FOLDER]

It throws away what it is sent, or keeps it in a folder: then it can be read again. It prints its
port, and ends with its standard input.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from snapper.machine import python

MIB = 1 << 20


class Bucket(BaseHTTPRequestHandler):
    """Answers uploads, reads and listings; of a listing it knows no object."""

    protocol_version = "HTTP/1.1"

    def __init__(self, seconds: float, folder: Path | None, *args: object) -> None:
        self._seconds, self._folder = seconds, folder
        super().__init__(*args)  # type: ignore[arg-type]  # as the server calls it

    def do_GET(self) -> None:
        """Give an object that was kept, or an empty listing."""
        kept = self._kept()
        if kept and kept.exists():
            self._answer(kept.read_bytes())
            return
        self._answer(
            b"<ListBucketResult><Name>vault</Name><Prefix></Prefix><KeyCount>0</KeyCount>"
            b"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"
        )

    def do_POST(self) -> None:
        """Begin or complete an upload: its parts are in order already, one after the other."""
        self._swallow(None)
        if "uploads" in self._query:
            self._answer(b"<R><UploadId>1</UploadId></R>")
        else:
            if kept := self._kept():
                self._join(kept)
            self._answer(
                b"<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
            )

    def do_PUT(self) -> None:
        """Take a part, or an object."""
        kept = self._kept()
        if kept and "partNumber" in self._query:
            kept = kept.with_name(f"{kept.name}.{int(self._query['partNumber'][0]):05}")
        self._swallow(kept)
        time.sleep(self._seconds)
        self._answer(b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    @property
    def _query(self) -> Mapping[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def _kept(self) -> Path | None:
        name = unquote(urlsplit(self.path).path).strip("/").replace("/", "_")
        return self._folder / name if self._folder and "list-type" not in self._query else None

    def _join(self, kept: Path) -> None:
        with kept.open("wb") as whole:
            for part in sorted(kept.parent.glob(f"{kept.name}.?????")):
                whole.write(part.read_bytes())
                part.unlink()

    def _swallow(self, kept: Path | None) -> None:
        left = int(self.headers.get("Content-Length", 0))
        with (kept or Path("/dev/null")).open("wb") as file:
            while left:
                block = self.rfile.read(min(left, MIB))
                left -= len(block)
                if kept:
                    file.write(block)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def s3(seconds_per_part: float = 0, folder: Path | None = None) -> Iterator[dict[str, str]]:
    """Serve until the end of the block; give the variables by which boto3 finds it."""
    arguments = [str(seconds_per_part), *([str(folder)] if folder else [])]
    command = [sys.executable, *python.running("benchmarks.s3", *arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(server.stdout.readline())}",
                "AWS_ACCESS_KEY_ID": "nobody",
                "AWS_SECRET_ACCESS_KEY": "nothing",
                "AWS_REGION": "us-east-1",
                "NO_PROXY": "127.0.0.1",
            }
        finally:
            server.stdin.close()


def main(seconds_per_part: str, folder: str = "") -> None:
    """Serve until nobody is there any more."""
    bucket = partial(Bucket, float(seconds_per_part), Path(folder) if folder else None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
