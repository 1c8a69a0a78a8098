"""The host of the Lambda functions: they find what they would find on AWS, and no more."""

import sysconfig
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from local.emulator.cloud import Cloud
from local.runtime.api import Answer, Invocation
from local.runtime.host import LambdaHost
from tests.support.cloud import (
    allow,
    eventually,
    invoke,
    lives,
    make_function,
    write_zip,
)

ANSWER = "def handler(event, context): return {}"


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


def test_a_function_answers(cloud: Cloud, host: LambdaHost, tmp_path: Path) -> None:
    make_function(cloud, host, tmp_path, "echo", "def handler(event, context): return event")
    assert invoke(cloud, "echo", {"a": "ü"}) == {"a": "ü"}


def test_large_events_and_answers_pass_whole(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    make_function(cloud, host, tmp_path, "large", "def handler(event, context): return event")
    text = "x" * 3_000_000
    assert invoke(cloud, "large", {"text": text}) == {"text": text}


def test_a_function_sees_what_lambda_would_show_it(
    cloud: Cloud, host: LambdaHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_DEVELOPER", "hush")
    source = "import os\ndef handler(event, context): return dict(os.environ)"
    make_function(cloud, host, tmp_path, "shown", source, environment={"MINE": "yes"}, memory=512)
    seen = invoke(cloud, "shown")
    assert seen["MINE"] == "yes"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "shown"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert seen["AWS_ENDPOINT_URL"] == cloud.endpoint_url
    assert seen["AWS_CA_BUNDLE"] == str(cloud.ca_bundle)
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert "SECRET_OF_THE_DEVELOPER" not in seen
    assert "MINISTACK_LAMBDA_PROXY_URL" not in seen


def test_a_function_acts_as_its_role_and_no_more(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    cloud.client("s3").create_bucket(Bucket="its-own")
    source = """
        import boto3
        from botocore.exceptions import ClientError

        def handler(event, context):
            s3 = boto3.client("s3")
            s3.put_object(Bucket="its-own", Key="a", Body=b"a")
            try:
                s3.get_object(Bucket="its-own", Key="a")
            except ClientError as error:
                return error.response["Error"]["Code"]
    """
    right = allow("s3:PutObject", "arn:aws:s3:::its-own/*")
    make_function(cloud, host, tmp_path, "writes-only", source, right)
    assert invoke(cloud, "writes-only") == "AccessDenied"


def test_the_deadline_is_the_functions_timeout(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = """
        import time
        def handler(event, context):
            left = context.get_remaining_time_in_millis()
            return time.time() + left / 1000
    """
    make_function(cloud, host, tmp_path, "deadline", source, timeout=333)
    before = time.time()
    deadline = invoke(cloud, "deadline")
    # Reckoned from when it was called; the function's milliseconds are rounded.
    assert before - 0.1 < deadline - 333 < time.time() + 0.1


def test_an_idle_environment_is_used_again(cloud: Cloud, host: LambdaHost, tmp_path: Path) -> None:
    source = "import os\ndef handler(event, context): return os.getpid()"
    make_function(cloud, host, tmp_path, "warm", source)
    assert invoke(cloud, "warm") == invoke(cloud, "warm")


def test_events_at_the_same_time_have_an_environment_each(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = """
        import os, pathlib, time
        seen = pathlib.Path(os.environ["TMPDIR"])
        def handler(event, context):
            (seen / str(os.getpid())).touch()
            while len(list(seen.iterdir())) < 2:  # each waits for the other
                time.sleep(0.01)
            return os.getpid()
    """
    make_function(cloud, host, tmp_path, "twice", source)
    numbers: set[int] = set()
    threads = [
        threading.Thread(target=lambda: numbers.add(invoke(cloud, "twice"))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 2


def test_an_error_keeps_its_kind_and_message(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = "def handler(event, context): raise LookupError('no such luck')"
    make_function(cloud, host, tmp_path, "raises", source)
    error = invoke(cloud, "raises")
    assert (error["errorType"], error["errorMessage"]) == ("LookupError", "no such luck")


def test_a_module_that_cannot_be_imported_is_told(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    make_function(cloud, host, tmp_path, "unborn", "import a_missing_module")
    assert invoke(cloud, "unborn")["errorType"] == "Runtime.ImportModuleError"


def test_a_runtime_that_dies_is_told_and_replaced(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = """
        import os
        def handler(event, context):
            if event.get("die"):
                os._exit(3)
            return "well"
    """
    make_function(cloud, host, tmp_path, "mortal", source)
    error = invoke(cloud, "mortal", {"die": True})
    assert error["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in error["errorMessage"]
    assert invoke(cloud, "mortal") == "well"


def test_a_timeout_ends_the_function_with_all_that_it_started(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = """
        import subprocess, time
        def handler(event, context):
            own_group = subprocess.Popen(["sleep", "3600"], process_group=0)
            in_shell = subprocess.Popen(["sh", "-c", "sleep 3600; true"])
            print("started", own_group.pid, in_shell.pid)
            time.sleep(3600)
    """
    make_function(cloud, host, tmp_path, "slow", source, timeout=2)

    def started() -> list[str]:
        return [line for line in host.logs("slow") if line.startswith("started")]

    class TooLate(Future[Answer]):
        """Its time is over when the function is at work, however long that takes."""

        def result(self, timeout: float | None = None) -> Answer:
            eventually(started)
            raise TimeoutError

    deadline = int((time.time() + 2) * 1000)
    answer = host.handle("slow", Invocation("1", "arn", deadline, b"{}", TooLate()))
    assert b"Task timed out after 2.00 seconds" in answer.body
    numbers = [int(word) for word in started()[0].split()[1:]]
    eventually(lambda: not any(lives(number) for number in numbers))


def test_logs_can_be_read_while_the_function_works(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    read = tmp_path / "read"
    source = f"""
        import logging, pathlib, time
        def handler(event, context):
            print("printed")
            logging.getLogger().error("logged")
            while not pathlib.Path({str(read)!r}).exists():
                time.sleep(0.01)
            print("ended")
    """
    make_function(cloud, host, tmp_path, "talks", source)
    caller = threading.Thread(target=invoke, args=(cloud, "talks"))
    caller.start()
    eventually(lambda: any("logged" in line for line in host.logs("talks")))
    assert "printed" in host.logs("talks")
    assert "ended" not in host.logs("talks")
    read.touch()
    caller.join()
    assert "ended" in host.logs("talks")


def test_a_function_that_never_ran_has_no_logs(host: LambdaHost) -> None:
    assert host.logs("silent") == []


def test_layers_keep_modes_and_links_and_are_found_under_opt(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    tool = "#!/bin/sh\necho from the layer\n"
    layer = write_zip(
        tmp_path / "layer.zip",
        {"tools/tool": tool, "tools/link": "tool", "bin/named": tool, "python/lib.py": "A = 1"},
        {"tools/tool": 0o100755, "tools/link": 0o120777, "bin/named": 0o100755},
    )
    source = """
        import os, subprocess, lib
        def handler(event, context):
            for tool in (os.path.join(os.environ["TOOLS"], "link"), "named"):
                assert subprocess.check_output([tool]) == b"from the layer\\n"
            return lib.A
    """
    make_function(
        cloud, host, tmp_path, "layered", source,
        layers=(layer,), environment={"TOOLS": "/opt/tools"},
    )  # fmt: skip
    assert invoke(cloud, "layered") == 1


def test_python_packages_for_another_interpreter_are_left_out(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    own = sysconfig.get_config_var("EXT_SUFFIX")
    foreign = write_zip(
        tmp_path / "foreign.zip",
        {"python/lib_of_other.py": "", "python/fast.cpython-399-sparc.so": "", "share/a": "here"},
    )
    fitting = write_zip(
        tmp_path / "fitting.zip", {"python/lib_of_ours.py": "", f"python/fast{own}": ""}
    )
    source = """
        import importlib.util, os, pathlib
        def handler(event, context):
            names = ("lib_of_other", "lib_of_ours")
            found = [name for name in names if importlib.util.find_spec(name)]
            return [found, pathlib.Path(os.environ["SHARE"], "a").read_text()]
    """
    make_function(
        cloud, host, tmp_path, "abroad", source,
        layers=(foreign, fitting), environment={"SHARE": "/opt/share"},
    )  # fmt: skip
    assert invoke(cloud, "abroad") == [["lib_of_ours"], "here"]
