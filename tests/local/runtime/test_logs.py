"""What functions write reaches CloudWatch Logs, with the rights of their own roles."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from local.runtime.log_stream import (
    BATCH_LINES,
    CloudWatchStream,
    Line,
    LogStream,
    batches,
    written,
)
from tests.support.cloud import allow, eventually, invoke, make_function

TALKS = """
def handler(event, context):
    print("one", flush=True)
    print("two", end="", flush=True)
    if event.get("end"):
        raise SystemExit("no more")
"""


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


@pytest.fixture
def talking(cloud: Cloud, host: LambdaHost, tmp_path: Path) -> Callable[..., str]:
    """Make a function that talks, its log group, and its rights on it."""

    def make(name: str, source: str = TALKS, *, may_log: bool = True) -> str:
        cloud.client("logs").create_log_group(logGroupName=group(name))
        arn = f"arn:aws:logs:{cloud.region}:{cloud.account}:log-group:{group(name)}:*"
        rights = [allow(["logs:CreateLogStream", "logs:PutLogEvents"], arn)]
        make_function(cloud, host, tmp_path, name, source, *(rights if may_log else []))
        return name

    return make


def group(name: str) -> str:
    return f"/aws/lambda/{name}"


def events(cloud: Cloud, name: str) -> list[dict[str, str]]:
    """What is in the log group of a function, but for what the emulator itself reports there."""
    found = cloud.client("logs").filter_log_events(logGroupName=group(name))["events"]
    own = ("START ", "END ", "REPORT ", "INIT_START ", "[ERROR]")
    return [event for event in found if not event["message"].startswith(own)]


def told(cloud: Cloud, name: str) -> list[str]:
    return [event["message"] for event in events(cloud, name)]


def streams(cloud: Cloud, name: str) -> list[str]:
    return sorted({event["logStreamName"] for event in events(cloud, name)})


def test_whole_lines_are_there_when_the_answer_is(
    cloud: Cloud, talking: Callable[..., str]
) -> None:
    name = talking("talking")
    invoke(cloud, name)
    assert told(cloud, name) == ["one"]
    invoke(cloud, name)
    assert told(cloud, name) == ["one", "twoone"]
    (stream,) = streams(cloud, name)
    assert "/[$LATEST]" in stream


def test_each_environment_has_a_stream_that_it_knows(
    cloud: Cloud, host: LambdaHost, talking: Callable[..., str]
) -> None:
    source = """
    import os
    def handler(event, context):
        print(os.environ["AWS_LAMBDA_LOG_STREAM_NAME"])
        os._exit(1)
    """
    name = talking("streams", source)
    for _ in range(2):
        invoke(cloud, name)
    eventually(lambda: len(told(cloud, name)) == 2)
    assert sorted(told(cloud, name)) == streams(cloud, name)


def test_what_is_told_during_a_long_invocation_does_not_wait_for_its_end(
    cloud: Cloud, talking: Callable[..., str], tmp_path: Path
) -> None:
    told_of = tmp_path / "told of"
    source = f"""
    import pathlib, time
    def handler(event, context):
        print("began")
        while not pathlib.Path({str(told_of)!r}).exists():
            time.sleep(0.01)
    """
    name = talking("long-winded", source)
    cloud.client("lambda").invoke(FunctionName=name, Payload=b"{}", InvocationType="Event")
    eventually(lambda: told(cloud, name) == ["began"])
    told_of.touch()


def test_the_last_words_of_an_environment_are_kept(
    cloud: Cloud, talking: Callable[..., str]
) -> None:
    source = """
    import os
    def handler(event, context):
        os.write(1, b"end")
        os._exit(1)
    """
    name = talking("exits", source)
    invoke(cloud, name)
    eventually(lambda: told(cloud, name) == ["end"])


def test_without_the_right_to_log_nothing_is_logged_and_nothing_fails(
    cloud: Cloud, host: LambdaHost, talking: Callable[..., str]
) -> None:
    name = talking("hushed", may_log=False)
    assert invoke(cloud, name) is None
    assert told(cloud, name) == []
    assert host.logs(name)[0] == "one"


def test_lines_are_divided_into_batches_that_cloudwatch_takes() -> None:
    many = [Line(0, "x")] * (BATCH_LINES + 1)
    assert [len(batch) for batch in batches(many)] == [BATCH_LINES, 1]
    long = [Line(0, "ü" * 100_000)] * 6
    assert [len(batch) for batch in batches(long)] == [5, 1]
    assert list(batches([])) == []


class Network(CloudWatchStream):
    """A network that stands still until it is let go, and remembers."""

    def __init__(self) -> None:
        super().__init__(lambda: None, "", "")
        self.seen: list[str] = []
        self.goes = threading.Event()

    def put(self, lines: Sequence[Line]) -> None:
        self.goes.wait()
        self.seen += [line.text for line in lines]


def test_a_network_that_stands_still_does_not_hold_up_who_writes(tmp_path: Path) -> None:
    network = Network()
    stream = LogStream(tmp_path / "log", network)
    mine = os.dup(stream.writable)
    stream.begin()
    block = b"".join(b"%d %s\n" % (number, b"x" * 1000) for number in range(1000))
    written = 0
    while written < len(block):
        written += os.write(mine, block[written:])
    assert network.seen == []
    network.goes.set()
    os.close(mine)
    stream.end()
    stream.end()
    assert [line.split()[0] for line in network.seen] == [str(number) for number in range(1000)]
    assert (tmp_path / "log").read_bytes() == block


def test_a_line_beyond_all_measure_is_cut(tmp_path: Path) -> None:
    network = Network()
    network.goes.set()
    stream = LogStream(tmp_path / "log", network)
    mine = os.dup(stream.writable)
    stream.begin()
    for _ in range(300):
        os.write(mine, b"x" * 1000)
    os.close(mine)
    stream.end()
    assert [len(line) for line in network.seen] == [262_144 - 26]


def test_the_lines_of_several_that_write_in_pieces_do_not_run_into_each_other(
    tmp_path: Path,
) -> None:
    network = Network()
    network.goes.set()
    log = tmp_path / "log"
    streams = [LogStream(log, network) for _ in "ab"]
    ends = [os.dup(stream.writable) for stream in streams]
    for stream in streams:
        stream.begin()
    for which, piece in ((0, b"from "), (1, b"from b\n"), (0, b"a\nthe end"), (1, b"and b's")):
        os.write(ends[which], piece)
        streams[which].flush()
    assert written(log) == ["from b", "from a"]
    for end, stream in zip(ends, streams, strict=True):
        os.close(end)
        stream.end()
    assert written(log) == network.seen == ["from b", "from a", "the end", "and b's"]


def test_the_last_words_are_kept_also_if_nobody_came_to_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task in ("_read_on", "_send_on"):
        monkeypatch.setattr(LogStream, task, lambda _: None)
    network = Network()
    network.goes.set()
    stream = LogStream(tmp_path / "log", network)
    os.write(stream.writable, b"one\ntwo")
    stream.begin()
    stream.end()
    assert written(tmp_path / "log") == network.seen == ["one", "two"]


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\ntw")
    assert written(tmp_path / "log") == ["one"]
