"""What a restore has left out: each thing by its name, with the server's reason."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LeftOut:
    """One thing of a backup that is not in the target.

    `kind` and `name` are those of the statement that was refused, such as `index` and
    `orders_at on public.orders`. `sqlstate` is empty where nothing was tried. `rows` says whether
    rows are missing for it. None of it holds a value of a row.
    """

    kind: str
    name: str
    sqlstate: str
    reason: str
    rows: bool = False

    def __str__(self) -> str:
        """Say it in one line."""
        code = f" ({self.sqlstate})" if self.sqlstate else ""
        return f"{self.kind} {self.name}: {self.reason}{code}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)
