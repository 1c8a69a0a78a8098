"""The password of every server of the tests, searched wherever a run of them leaves text.

What tests print and log is searched as they end, and the files of the run just before they are
removed: the logs of servers, functions and the emulator, and all that was deployed.
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

# The workers of one run search for the same; whoever reads this file does not know it.
_TOKEN = os.environ.setdefault("SNAPPER_TESTS_CANARY", secrets.token_hex(16))

CANARY = f"p@ss:/,|%&{_TOKEN}"
"""A password that a URI, a row of the secrets and a shell could all trip over."""

_SPELLINGS = tuple(text.encode() for text in (CANARY, quote(CANARY), quote(CANARY, safe="")))

# A server's own files: it keeps passwords as hashes, and what the tests store is theirs.
_PASSED_OVER = frozenset({"data", "programs"})


@dataclass
class Search:
    """What was searched in this run, and where the canary was."""

    texts: int = 0
    files: int = 0
    size: int = 0
    found: list[str] = field(default_factory=list)

    def text(self, where: str, text: str) -> None:
        """Search what a test has printed or logged."""
        self.texts += 1
        self._bytes(where, text.encode(errors="replace"))

    def directory(self, directory: Path) -> None:
        """Search every file of a run, and the names of all."""
        for folder, inner, names in os.walk(directory):
            inner[:] = [name for name in inner if name not in _PASSED_OVER]
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    self.files += 1
                    self._bytes(str(path.relative_to(directory)), path.read_bytes())

    def handed_over(self) -> tuple[int, int, list[str]]:
        """Give what one worker searched besides the reports, which reach every process."""
        return self.files, self.size, self.found

    def take_over(self, handed: tuple[int, int, list[str]]) -> None:
        """Add what a worker has searched."""
        files, size, found = handed
        self.files += files
        self.size += size
        self.found += found

    def line(self) -> str:
        """Say what was searched and found."""
        where = f"found in {', '.join(self.found)}" if self.found else "not found"
        return (
            f"the servers' password was searched in {self.texts:,} outputs and logs of tests and "
            f"{self.files:,} files of the run, {self.size / 1e6:,.1f} MB: {where}"
        )

    def _bytes(self, where: str, content: bytes) -> None:
        self.size += len(content)
        if any(spelling in content for spelling in _SPELLINGS):
            self.found.append(where)


SEARCH = Search()
"""The search of this run."""
