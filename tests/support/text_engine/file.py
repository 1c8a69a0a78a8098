"""A text file as a database: `text:/path`, and `text:/path?key=SECRET` where it is locked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from snapper.errors import DatabaseUnreachable, SettingsError

FORM = "text:"


@dataclass(frozen=True)
class TextFile:
    """Where the file is, and the secret that nothing may show."""

    path: Path
    secret: str = ""

    @classmethod
    def parse(cls, connection: str) -> Self:
        place, _, secret = connection.removeprefix(FORM).partition("?key=")
        if not (connection.startswith(f"{FORM}/") and place):
            raise SettingsError(f"a text file is written {FORM}/path")
        return cls(Path(place), secret)

    def lines(self) -> list[str]:
        try:
            return self.path.read_text().splitlines()
        except OSError as error:
            raise DatabaseUnreachable(f"{self.path} cannot be read: {error.strerror}") from None
