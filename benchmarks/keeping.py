"""An S3 on loopback that keeps what is uploaded in files, and gives it back by ranges."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

MIB = 1 << 20

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class _Keeper(BaseHTTPRequestHandler):
    """As much of S3 as a backup and a restore ask for; a bucket is a folder."""

    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        file = self._file()
        if "list-type" in self._query():
            self._answer(
                b"<ListBucketResult><Name>vault</Name><Prefix></Prefix><KeyCount>0</KeyCount>"
                b"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"
            )
            return
        if not file.is_file():
            self._answer(b"<Error><Code>NoSuchKey</Code></Error>", 404)
            return
        size = file.stat().st_size
        wanted = _RANGE.match(self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        end = min(int(wanted[2]) + 1, size) if wanted and wanted[2] else size
        self.send_response(206 if wanted else 200)
        self.send_header("ETag", '"1"')
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.flush()
        with file.open("rb") as content:
            self.connection.sendfile(content, start, end - start)

    def do_POST(self) -> None:
        self._take(None)
        file, query = self._file(), self._query()
        if "uploads" in query:
            self._answer(b"<R><UploadId>1</UploadId></R>")
            return
        parts = sorted(file.parent.glob(f"{file.name}.part-*"))
        with file.open("wb") as whole:
            for part in parts:
                with part.open("rb") as content:
                    shutil.copyfileobj(content, whole, MIB)
                part.unlink()
        self._answer(
            b"<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
        )

    def do_PUT(self) -> None:
        file = self._file()
        if number := self._query().get("partNumber"):
            file = file.with_name(f"{file.name}.part-{int(number[0]):05}")
        self._take(file)
        self._answer(b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def _file(self) -> Path:
        name = unquote(urlsplit(self.path).path).strip("/").replace("/", "~")
        return self.folder / (name or "root")

    def _take(self, file: Path | None) -> None:
        """Read the body, which is cut in chunks where its checksum comes behind it."""
        with file.open("wb") if file else Path("/dev/null").open("wb") as kept:
            if "chunked" not in self.headers.get("Content-Encoding", ""):
                self._copy(kept, int(self.headers.get("Content-Length", 0)))
                return
            while size := int(self.rfile.readline().split(b";")[0], 16):
                self._copy(kept, size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass

    def _copy(self, kept: BinaryIO, left: int) -> None:
        while left and (block := self.rfile.read(min(left, MIB))):
            kept.write(block)
            left -= len(block)

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def keeping(folder: Path) -> Iterator[dict[str, str]]:
    """Give the variables by which a process finds such an S3, which keeps all in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    keeper = type("Keeper", (_Keeper,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), keeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }
    finally:
        server.shutdown()
