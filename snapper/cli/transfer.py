"""How far a transfer is: a bar with bytes and rate, on a terminal's stderr only."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from snapper.cli.render import Screen, size
from snapper.cli.streams import shield
from snapper.values.visible import one_line

BUILDING = "the server finishes"
"""What is left of a restore when its last byte has been read."""


class _Amount(ProgressColumn):
    """Bytes so far, of all, and for each second since the beginning; at the end what is left."""

    def render(self, task: Task) -> Text:
        words = f"{size(int(task.completed))} of {size(int(task.total or 0))}"
        then = task.fields["then"]
        if then and task.finished:
            words = f"{size(int(task.completed))} read; {then}"
        elif task.completed and task.elapsed:
            words += f", {size(int(task.completed / task.elapsed))}/s"
        return Text(words)


Count = Callable[[int], None]
"""Is called with the bytes so far."""


@contextmanager
def transfer(what: str, total: int, then: str = "") -> Iterator[Count]:
    """Show a bar while the block runs; the block is given what to call with the bytes so far.

    `then` says what goes on when all bytes are there and the block has not ended yet.
    """
    with _bars(what, total, {"": then}) as (count,):
        yield count


@contextmanager
def checked_transfer(what: str, total: int, then: str = "") -> Iterator[tuple[Count, Count]]:
    """Show two bars for what is checked whole before it is transferred."""
    with _bars(what, total, {"checking": "", "restoring": then}) as (checking, count):
        yield checking, count


@contextmanager
def bars(what: str, size: int, /, *, checks: bool) -> Iterator[tuple[Count, Count]]:
    """Show how far a restore is: two bars where it checks the whole backup before it begins."""
    if checks:
        with checked_transfer(what, size, BUILDING) as both:
            yield both
    else:
        with transfer(what, size, BUILDING) as count:
            yield lambda _: None, count


@contextmanager
def _bars(what: str, total: int, steps: Mapping[str, str]) -> Iterator[list[Count]]:
    """Show a bar for each step, by its name and with what goes on when all its bytes are there."""
    console = Screen()
    console.print(one_line(what), soft_wrap=True)
    if not console.is_terminal:
        yield [lambda _: None for _ in steps]
        return
    names = [TextColumn("{task.description:<9}")] if len(steps) > 1 else []
    columns = (*names, BarColumn(), TextColumn("{task.percentage:>3.0f} %"), _Amount())
    with Progress(*columns, console=console) as bar:
        shield()
        tasks = [bar.add_task(name, total=total, then=then) for name, then in steps.items()]

        def count(task: TaskID) -> Count:
            return lambda done: bar.update(task, completed=done)

        yield [count(task) for task in tasks]
