"""Servers on 127.0.0.1 that only programs of this machine may use, never a page in its browser.

A browser lets any web page send requests to loopback. What gives it away are the headers Origin
and Sec-Fetch-*, and, when a page's own name was made to point at 127.0.0.1, a foreign Host.
"""

from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"


def comes_from_a_page(headers: Mapping[str, str], address: str) -> bool:
    """Tell whether a request (header names in lower case) was sent by a web page.

    `address` is ours, as "127.0.0.1:port": what a request that means us has as its Host.
    """
    if headers.get("host") != address:
        return True
    return any(name == "origin" or name.startswith("sec-fetch-") for name in headers)


class LoopbackHandler(BaseHTTPRequestHandler):
    """One request; refuses those of web pages before any `do_…` method sees them."""

    server: "LoopbackServer"
    protocol_version = "HTTP/1.1"
    # Without these two each answer waits 40 ms for the other side's delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def parse_request(self) -> bool:
        """Read the request line and headers; answer 403 to a web page."""
        if not super().parse_request():
            return False
        headers = {name.lower(): value for name, value in self.headers.items()}
        if comes_from_a_page(headers, self.server.address):
            self.close_connection = True
            self.answer(HTTPStatus.FORBIDDEN)
            return False
        return True

    def body(self) -> bytes:
        """Read the request's body; the runtime client sends large ones in chunks."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(chunks)

    def answer(
        self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send one whole answer."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the functions' logs are what matters."""


class LoopbackServer(ThreadingHTTPServer):
    """An HTTP server on 127.0.0.1 and a port of the kernel's choice."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, handler: type[LoopbackHandler]) -> None:
        super().__init__((LOOPBACK, 0), handler)
        self.address = f"{LOOPBACK}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (inherited)
        """Say nothing: a function that was killed leaves its connection broken."""
