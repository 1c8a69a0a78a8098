"""How far a transfer is: a bar with bytes and rate, on a terminal's stderr only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from snapper.cli.render import Screen, size

BUILDING = "the server finishes"
"""What is left of a restore when its last byte has been read."""


class _Amount(ProgressColumn):
    """Bytes so far, of all, and for each second since the beginning; at the end what is left."""

    def __init__(self, then: str) -> None:
        super().__init__()
        self._then = then

    def render(self, task: Task) -> Text:
        words = f"{size(int(task.completed))} of {size(int(task.total or 0))}"
        if self._then and task.finished:
            words = f"{size(int(task.completed))} read; {self._then}"
        elif task.completed and task.elapsed:
            words += f", {size(int(task.completed / task.elapsed))}/s"
        return Text(words)


@contextmanager
def transfer(what: str, total: int, then: str = "") -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; the block is given what to call with the bytes so far.

    `then` says what goes on when all bytes are there and the block has not ended yet.
    """
    console = Screen()
    console.print(what, soft_wrap=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), _Amount(then))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)
