"""How far a transfer is: a bar with bytes and rate, on a terminal's stderr only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn


@contextmanager
def transfer(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; the block is given what to call with the bytes so far."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    if not console.is_terminal:
        console.print(what, highlight=False, soft_wrap=True)
        yield lambda _: None
        return
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
