"""One drill in the deployed prover: ordered as the command line does, and followed in its log."""

from datetime import timedelta
from time import sleep

from local.demo.chapter import Chapter
from local.demo.drilled import Drilled
from local.demo.fault import Fault
from local.emulator.cloud import Cloud
from snapper.aws.functions import Functions
from snapper.aws.logs import Logs
from snapper.errors import SnapperError, TooLarge
from snapper.values.drill import Drill
from snapper.verbs.follow_drill import follow, order_now

_PATIENCE = timedelta(minutes=16)
"""As long as the prover may take, and a little more."""

_POLL_SECONDS = 0.1


class Prover:
    """The deployed prover; what it cannot prove becomes a fault of the database, or a note."""

    def __init__(self, cloud: Cloud, function: str) -> None:
        self._function = function
        self._functions = Functions(cloud.client("lambda"))
        self._logs = Logs(cloud.client("logs"), f"/aws/lambda/{function}")

    def order(self, chapter: Chapter) -> Drill | None:
        """Order a drill of the newest backup, and do not wait for it."""
        try:
            (drill,) = order_now([chapter.database.key], self._function, self._functions)
        except (SnapperError, ValueError) as error:
            chapter.heard(Fault(f"the prover took no order: {error}", getattr(error, "hint", "")))
            return None
        return drill

    def follow(self, chapter: Chapter, drill: Drill) -> Drilled:
        """Wait for the end of a drill."""
        try:
            proof = follow(drill, self._logs, _PATIENCE, sleep=lambda _: sleep(_POLL_SECONDS))
        except TooLarge as large:
            return Drilled(drill.database, None, str(large))
        except SnapperError as error:
            chapter.heard(Fault(str(error), error.hint))
            return Drilled(drill.database, None, str(error))
        return Drilled(drill.database, proof)
