"""What stands for the entry of Lambda's image: it runs the start of a container, its one argument.

A layer is built for Lambda's interpreter and processor. What of it the Python here cannot load is
left out: the environment that we run in has the same locked versions.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from local.runtime.archives import suits_this_python


def without_what_cannot_load(
    unpack: Callable[[IO[bytes], Path], None],
) -> Callable[[IO[bytes], Path], None]:
    """Let a zip be unpacked, and its Python packages go again if they are another Python's."""

    def unpack_and_look(archive: IO[bytes], directory: Path) -> None:
        unpack(archive, directory)
        if not suits_this_python(archive):
            shutil.rmtree(directory / "python")

    return unpack_and_look


def main() -> None:
    """Run the start as the image's Python would, in a module of its own."""
    start: dict[str, Any] = {"__name__": "start"}
    exec(compile(os.environ["_HANDLER"], "start", "exec"), start)  # noqa: S102  what is deployed
    start["unpack"] = without_what_cannot_load(start["unpack"])
    start["main"]()


if __name__ == "__main__":
    main()
