"""Jobs of AWS Batch that run: ministack ends each well as soon as it is submitted.

Here a job is posted to whoever runs the containers of this cloud, at the address in a variable that
only the emulator's copy of the definition has. The answer to that request is how it ended.
"""

import contextvars
import copy
import fnmatch
import http.client
import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ministack.core.responses import new_uuid
from ministack.services import batch, eventbridge

from local.emulator.batch_answers import Reply, done, name_in, refused

RUNNER = "LOCAL_CONTAINERS_URL"
"""The variable of a definition that says where its containers are run."""

_ENDED = frozenset({"SUCCEEDED", "FAILED"})


def submit(asked: dict[str, Any]) -> Reply:
    """Take a job, and have it run."""
    definition = _active(asked["jobDefinition"])
    queue = batch._job_queues.get(name_in(asked["jobQueue"]))
    if not definition or not queue or queue["state"] != "ENABLED":
        return refused("there is no such definition that is active, or no such queue that is open")
    container = _overridden(definition["containerProperties"], asked.get("containerOverrides", {}))
    runner = _runner(container)
    identifier = new_uuid()
    job = {
        "jobId": identifier,
        "jobArn": batch._job_arn(identifier),
        "jobName": asked["jobName"],
        "jobQueue": queue["jobQueueArn"],
        "jobDefinition": definition["jobDefinitionArn"],
        "status": "SUBMITTED",
        "createdAt": batch._now_ms(),
        "attempts": [],
        "container": {
            **container,
            "environment": [e for e in container["environment"] if e["name"] != RUNNER],
        },
        "timeout": asked.get("timeout", definition.get("timeout", {})),
        "retryStrategy": asked.get("retryStrategy", definition.get("retryStrategy", {})),
        "tags": {**definition.get("tags", {}), **asked.get("tags", {})},
    }
    batch._jobs[identifier] = job
    # Account and region of the call are those of what comes of it.
    ours = contextvars.copy_context().run
    threading.Thread(target=ours, args=(_run, job, runner), daemon=True).start()
    return done(jobId=identifier, jobName=job["jobName"], jobArn=job["jobArn"])


def _run(job: dict[str, Any], runner: str) -> None:
    """Have the job run, as often as its definition says; all it becomes is written into it."""
    attempts = job["retryStrategy"].get("attempts", 1)
    for attempt in range(1, attempts + 1):
        if job.get("isTerminated"):
            break
        began = batch._now_ms()
        job.update(status="RUNNING", startedAt=job.get("startedAt", began))
        wanted = {key: job[key] for key in ("jobId", "jobName", "container", "timeout")}
        ended = _post(f"{runner}/run", {**wanted, "attempt": attempt})
        told = {key: ended[key] for key in ("exitCode", "reason") if ended.get(key) is not None}
        job["container"] |= told
        job["attempts"].append(
            {
                "container": told,
                "startedAt": began,
                "stoppedAt": batch._now_ms(),
                "statusReason": ended["statusReason"],
            }
        )
        job["statusReason"] = ended["statusReason"]
        if ended.get("exitCode") == 0 or not _again(job, ended) or attempt == attempts:
            break
        time.sleep(0.1)
    well = job["container"].get("exitCode") == 0
    if job.get("isTerminated"):
        job["statusReason"] = job["terminatedFor"]
    job.update(status="SUCCEEDED" if well else "FAILED", stoppedAt=batch._now_ms())
    event = {
        "Source": "aws.batch",
        "DetailType": "Batch Job State Change",
        "Detail": json.dumps(job),
    }
    eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)


def _again(job: dict[str, Any], ended: Mapping[str, Any]) -> bool:
    """Tell whether the first condition that fits says RETRY; what ran out of time is not tried."""
    if ended.get("timedOut"):
        return False
    seen = {
        "onExitCode": str(ended.get("exitCode", "")),
        "onReason": ended.get("reason") or "",
        "onStatusReason": ended["statusReason"],
    }
    rules = job["retryStrategy"].get("evaluateOnExit", [])
    for rule in rules:
        patterns = {key: rule[key] for key in seen if key in rule}
        if all(fnmatch.fnmatchcase(seen[key], pattern) for key, pattern in patterns.items()):
            return str(rule["action"]).upper() == "RETRY"
    return True


def _post(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Ask who runs containers; that nobody does is how the container ended."""
    place = urlsplit(url)
    asked = http.client.HTTPConnection(place.netloc)
    try:
        asked.request("POST", place.path, json.dumps(body))
        found: dict[str, Any] = json.loads(asked.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        return {
            "statusReason": f"Task failed to start: {error}",
            "reason": "nobody runs containers",
        }
    finally:
        asked.close()
    return found


def terminate(asked: dict[str, Any]) -> Reply:
    """Have a job end that has not ended."""
    job = batch._jobs.get(asked["jobId"])
    if job and job["status"] not in _ENDED:
        job.update(isTerminated=True, terminatedFor=asked["reason"])
        revisions = batch._job_definitions[name_in(job["jobDefinition"])]
        (made_by,) = [e for e in revisions if e["jobDefinitionArn"] == job["jobDefinition"]]
        runner = _runner(made_by["containerProperties"])
        threading.Thread(
            target=_post, args=(f"{runner}/terminate", {"jobId": job["jobId"]}), daemon=True
        ).start()
    return done()


def _active(reference: str) -> dict[str, Any] | None:
    """Find what a job names: a revision, or the newest by its name or by the ARN without one."""
    found: dict[str, Any] | None = None
    for each in batch._job_definitions.get(name_in(reference), []):
        arn = each["jobDefinitionArn"]
        if each["status"] == "ACTIVE" and reference in (
            *(arn, arn.rpartition(":")[0]),
            each["jobDefinitionName"],
        ):
            found = each
    return found


def _overridden(container: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Put what a job says over what its definition says."""
    whole = copy.deepcopy(dict(container))
    for key, identity in (("environment", "name"), ("resourceRequirements", "type")):
        merged = {each[identity]: each for each in whole.get(key, [])}
        merged |= {each[identity]: each for each in overrides.get(key, [])}
        whole[key] = list(merged.values())
    whole["command"] = overrides.get("command", whole.get("command", []))
    return whole


def _runner(container: Mapping[str, Any]) -> str:
    return next((e["value"] for e in container["environment"] if e["name"] == RUNNER), "")
