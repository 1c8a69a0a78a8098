"""The AWS emulator of one run, as a program: `python -m local.emulator certificate key`.

ministack's own launcher binds every interface, answers any web page and leaves its administration
open; so we serve its application ourselves. Standard input is the listening socket, made by
`local.cloud`, which so knows the port before we start and sees at once if we die.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from local.loopback import comes_from_a_page

HEALTH = "/_ministack/health"


class Guard:
    """The emulator as we let it be used: by programs that mean it, without its administration."""

    def __init__(self, application: Any, address: str) -> None:  # noqa: ANN401 (ASGI)
        self._application = application
        self._address = address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (ASGI)
        """Serve one connection's request, or refuse it with 403."""
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
        # No bucket begins with "_": such paths are the emulator's own unauthenticated windows.
        is_window = scope["path"].startswith("/_") and scope["path"] != HEALTH
        return (
            scope["type"] == "http"
            and not is_window
            and not comes_from_a_page(headers, self._address)
        )


def main() -> None:
    """Serve until the end; everything ministack is told comes from the environment."""
    # Imported late: `local.cloud` needs this module's names only, and ministack reads its
    # settings while it is imported.
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from local import emulator_patches

    emulator_patches.apply()
    config = Config()
    config.bind = [f"fd://{sys.stdin.fileno()}"]
    config.certfile, config.keyfile = sys.argv[1:]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    address = f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(Guard(app, address), config))


if __name__ == "__main__":
    main()
