"""A job whose database's server is dumped as often as may be: it comes again, as a new message.

So no try of it is used up. Its scheduled time stays, by which `status` and the late alarm see it.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from snapper.aws.queue import JobQueue
from snapper.engines.engine import Engine
from snapper.errors import AwsFailed, ServerBusy
from snapper.values.job import Job, write_time
from snapper.values.secrets import Database
from snapper.values.settings import DumperSettings
from snapper.verbs.events import Events
from snapper.verbs.network import from_the_function

LONG = timedelta(hours=6)
"""After so long a job waits for nobody any more who may only pretend to be dumping."""

PAUSE = timedelta(minutes=1)
PAUSE_AFTER_CONTAINER = timedelta(minutes=7)
"""While a container counts as under way, a delivery of its job is taken for a second one and done.

Fargate may take minutes to clear up behind one that has ended. Twice as long SQS still delays.
"""


@dataclass(frozen=True)
class Turns:
    """How many databases of one server are dumped at once, and where a job goes that has to wait.

    `spread` gives the part of a `pause` that it waits longer than one, so that not all come at
    once.
    """

    most: int
    queue: JobQueue
    spread: Callable[[], float] = random.random
    pause: timedelta = PAUSE

    @classmethod
    def of(cls, settings: DumperSettings, pause: timedelta = PAUSE) -> "Turns | None":
        """Give what the deployment says; an older one says nothing."""
        if not (settings.queue_url and settings.max_per_server):
            return None
        queue = JobQueue.connect(settings.queue_url)
        return cls(int(settings.max_per_server), queue, pause=pause)

    @contextmanager
    def hold(
        self,
        job: Job,
        database: Database,
        engine: Engine,
        patience: float,
        now: datetime,
        events: Events,
    ) -> Iterator[None]:
        """Be one of those that may dump the server at once; entering raises ServerBusy."""
        waited = now - job.scheduled_at >= LONG
        with ExitStack() as stack:
            with from_the_function():
                turn = engine.turn(database, self.most, patience, long_waited=waited)
                passed_over = stack.enter_context(turn)
            if passed_over:
                events.emit(
                    "dump.warned",
                    database=job.database,
                    scheduled_at=write_time(job.scheduled_at),
                    reason=f"after {LONG // timedelta(hours=1)} hours the job waits no more for "
                    f"{passed_over} sessions of other users that call themselves dumps",
                    hint="pg_stat_activity on the server shows whose they are",
                )
            yield

    def put_off(self, job: Job, busy: ServerBusy, events: Events) -> bool:
        """Send the job again, for later; tell whether it is on the queue.

        It is there before this delivery of it is done. If that comes back too, it finds the backup
        made, or waits as this one does.
        """
        pause = self.pause * (1 + self.spread())
        told = {"database": job.database, "scheduled_at": write_time(job.scheduled_at)}
        try:
            self.queue.put_off(job, pause)
        except AwsFailed as error:
            # Such as from a network with no way to SQS. A backup counts for more than the limit.
            reason = f"{busy}, and the job could not be put off: {error}"
            events.emit("dump.warned", **told, reason=reason, hint=error.hint)
            return False
        seconds = pause.total_seconds()
        events.emit("dump.waits", **told, seconds=seconds, reason=str(busy), hint=busy.hint)
        return True
