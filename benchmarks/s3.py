"""An S3 on loopback, as much of it as an upload asks for, in a process of its own.

    python -m benchmarks.s3 SECONDS_PER_PART

It throws away what it is sent; `keeping` is one that keeps it. It prints its port, and ends with
its standard input.
"""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from snapper.machine import python

MIB = 1 << 20
RECEIVED = "/received"


class Bucket(BaseHTTPRequestHandler):
    """Answers uploads and listings; it knows of no object."""

    protocol_version = "HTTP/1.1"
    seconds_per_part = 0.0
    received = 0

    def do_GET(self) -> None:
        """Give an empty listing, or how many bytes came since that was asked."""
        if self.path == RECEIVED:
            Bucket.received, received = 0, Bucket.received
            self._answer(str(received).encode())
            return
        self._answer(
            b"<ListBucketResult><Name>vault</Name><Prefix></Prefix><KeyCount>0</KeyCount>"
            b"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"
        )

    def do_POST(self) -> None:
        """Begin or complete an upload."""
        self._swallow()
        if "uploads" in parse_qs(urlsplit(self.path).query, keep_blank_values=True):
            self._answer(b"<R><UploadId>1</UploadId></R>")
        else:
            self._answer(
                b"<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
            )

    def do_PUT(self) -> None:
        """Take a part, or an object."""
        self._swallow()
        time.sleep(self.seconds_per_part)
        self._answer(b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _swallow(self) -> None:
        left = int(self.headers.get("Content-Length", 0))
        Bucket.received += left
        while left:
            left -= len(self.rfile.read(min(left, MIB)))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def s3(seconds_per_part: float = 0) -> Iterator[dict[str, str]]:
    """Serve until the end of the block; give the variables by which boto3 finds it."""
    command = [sys.executable, *python.running("benchmarks.s3", str(seconds_per_part))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(server.stdout.readline())}",
                "AWS_ACCESS_KEY_ID": "nobody",
                "AWS_SECRET_ACCESS_KEY": "nothing",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "NO_PROXY": "127.0.0.1",
            }
        finally:
            server.stdin.close()


def received(environment: Mapping[str, str]) -> int:
    """Give how many bytes have come to that S3 since this was asked before."""
    asked = http.client.HTTPConnection(urlsplit(environment["AWS_ENDPOINT_URL"]).netloc)
    asked.request("GET", RECEIVED)
    found = int(asked.getresponse().read())
    asked.close()
    return found


def main(seconds_per_part: float) -> None:
    """Serve until nobody is there any more."""
    Bucket.seconds_per_part = seconds_per_part
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(float(sys.argv[1]))
