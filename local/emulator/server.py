"""The AWS emulator of one run, as a program: it gets certificate and key.

ministack's own launcher binds every interface, answers any web page and leaves its administration
open; so we serve its application ourselves. Standard input is the listening socket, made by
`local.emulator.cloud`, which so knows the port before we start and sees at once if we die.
"""

import asyncio
import os
import re
import signal
import sys
from typing import Any
from urllib.parse import unquote

from local.loopback import comes_from_a_page

HEALTH = "/_ministack/health"
SESSION_KEY = "ASIA"
"""How the keys of role sessions begin, in AWS and in ministack, which checks their signatures."""

# In the header of a signed request, or in a presigned address, of the older kind too.
_CREDENTIAL = re.compile(r"(?:Credential|AWSAccessKeyId)=(\w+)")


class Guard:
    """The emulator as we let it be used: by programs that hold a key, without its administration.

    ministack lets anybody be root who names the key "test", any account or no key at all. Here
    root's key is a random one that only its maker knows.
    """

    def __init__(self, application: Any, address: str, root_key: str) -> None:  # noqa: ANN401 (ASGI)
        self._application = application
        self._address = address
        self._root_key = root_key

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (ASGI)
        """Serve one request, or refuse it with 403."""
        if scope["type"] == "lifespan" or self._is_welcome(scope):
            await self._application(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"content-length", b"0"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _is_welcome(self, scope: Any) -> bool:  # noqa: ANN401 (ASGI)
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        if scope["type"] != "http" or comes_from_a_page(headers, self._address):
            return False
        if scope["path"].startswith("/_"):
            # No bucket's name begins so: these are the emulator's own unguarded windows.
            return bool(scope["path"] == HEALTH)
        query = unquote(scope["query_string"].decode("latin-1"))
        key = _CREDENTIAL.search(headers.get("authorization", query))
        return key is not None and (key[1] == self._root_key or key[1].startswith(SESSION_KEY))


def main() -> None:
    """Serve until the end; everything ministack knows comes from the environment."""
    # Imported late: `local.emulator.cloud` needs this module's names only, and ministack reads its
    # settings while it is imported.
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from local.emulator import patches

    patches.apply()
    config = Config()
    config.bind = [f"fd://{sys.stdin.fileno()}"]
    config.certfile, config.keyfile = sys.argv[1:]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    address = f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"
    guard = Guard(app, address, os.environ["AWS_ACCESS_KEY_ID"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(guard, config))


if __name__ == "__main__":
    main()
