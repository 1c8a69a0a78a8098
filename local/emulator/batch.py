"""AWS Batch, as far as ministack lacks it: what is deleted, found by name, and run.

What becomes of a job stands in `batch_jobs`.
"""

import fnmatch
import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import batch

from local.emulator import batch_jobs
from local.emulator.batch_answers import Reply, done, name_in, refused


def apply() -> None:
    """Correct ministack in this process, before it serves its first request."""
    # Both registering calls forget half of what is said.
    batch._DISPATCH.update(
        {
            "/v1/registerjobdefinition": _register,
            "/v1/submitjob": batch_jobs.submit,
            "/v1/listjobs": _list,
            "/v1/terminatejob": batch_jobs.terminate,
            "/v1/deletecomputeenvironment": _delete_environment,
            "/v1/updatejobqueue": _update_queue,
            "/v1/deletejobqueue": _delete_queue,
            "/v1/deregisterjobdefinition": _deregister,
        }
    )
    batch.handle_request = _asking_for_the_definition(batch.handle_request)


_NAMED = {  # call: what it names, and as what kind of thing
    "submitjob": ("jobQueue", "job-queue"),
    "terminatejob": ("jobId", "job"),
    "createcomputeenvironment": ("computeEnvironmentName", "compute-environment"),
    "updatecomputeenvironment": ("computeEnvironment", "compute-environment"),
    "deletecomputeenvironment": ("computeEnvironment", "compute-environment"),
    "createjobqueue": ("jobQueueName", "job-queue"),
    "updatejobqueue": ("jobQueue", "job-queue"),
    "deletejobqueue": ("jobQueue", "job-queue"),
    "registerjobdefinition": ("jobDefinitionName", "job-definition"),
    "deregisterjobdefinition": ("jobDefinition", "job-definition"),
}


def resource(path: str, body: Mapping[str, Any], region: str, account: str) -> str:
    """Give what the first right to a call is asked on; `*` where Batch knows no resource of it."""
    key, kind = _NAMED.get(path.rstrip("/").lower().removeprefix("/v1/"), ("", ""))
    return _arn(body.get(key, ""), kind, region, account) if kind else "*"


_SUMMARY = ("jobId", "jobArn", "jobName", "status", "statusReason", "createdAt", "stoppedAt")
_END = ("exitCode", "reason")
"""What a list tells of a job and of its container; what stands in it only `DescribeJobs` does."""


def _asking_for_the_definition(original: Callable[..., Any]) -> Callable[..., Any]:
    """Ask also for the right on the definition of a job, not only on its queue."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:  # noqa: ANN401 (as theirs)
        if path.rstrip("/").lower() == "/v1/submitjob":
            asked = json.loads(body or b"{}")
            place = get_region(), get_account_id()
            definition = _arn(asked.get("jobDefinition", ""), "job-definition", *place)
            denied = app._enforce_data_plane(
                "batch", "batch:SubmitJob", headers, query, new_uuid(), resource_arn=definition
            )
            if denied:
                return denied
        return await original(method, path, headers, body, query)

    return handle


def _arn(reference: str, kind: str, region: str, account: str) -> str:
    whole = reference.startswith("arn:")
    return reference if whole else f"arn:aws:batch:{region}:{account}:{kind}/{reference}"


def _register(asked: dict[str, Any]) -> Reply:
    name = asked["jobDefinitionName"]
    revisions = batch._job_definitions.setdefault(name, [])
    number = len(revisions) + 1
    arn = batch._jd_arn(name, number)
    revisions.append({**asked, "jobDefinitionArn": arn, "revision": number, "status": "ACTIVE"})
    return done(jobDefinitionName=name, jobDefinitionArn=arn, revision=number)


def _deregister(asked: dict[str, Any]) -> Reply:
    for revision in batch._job_definitions.get(name_in(asked["jobDefinition"]), []):
        if revision["jobDefinitionArn"] == asked["jobDefinition"]:
            revision["status"] = "INACTIVE"
    return done()


def _list(asked: dict[str, Any]) -> Reply:
    queue, status = name_in(asked["jobQueue"]), asked.get("jobStatus", "RUNNING")
    filters = [each for each in asked.get("filters", []) if each["name"] == "JOB_NAME"]
    names = [value for each in filters for value in each["values"]]
    found = [
        {
            **{key: job[key] for key in _SUMMARY if key in job},
            "container": {key: job["container"][key] for key in _END if key in job["container"]},
        }
        for job in batch._jobs.values()
        if name_in(job["jobQueue"]) == queue
        and (
            any(fnmatch.fnmatchcase(job["jobName"].lower(), name.lower()) for name in names)
            if names
            else job["status"] == status
        )
    ]
    return done(jobSummaryList=found)


def _update_queue(asked: dict[str, Any]) -> Reply:
    queue = batch._job_queues.get(name_in(asked["jobQueue"]))
    if not queue:
        return refused(f"{asked['jobQueue']} does not exist")
    queue.update(
        {
            key: asked[key]
            for key in ("state", "priority", "computeEnvironmentOrder")
            if key in asked
        }
    )
    return done(jobQueueName=queue["jobQueueName"], jobQueueArn=queue["jobQueueArn"])


def _delete_queue(asked: dict[str, Any]) -> Reply:
    queue = batch._job_queues.get(name_in(asked["jobQueue"]))
    if queue and queue["state"] != "DISABLED":
        return refused("a job queue must be disabled before it is deleted")
    batch._job_queues.pop(name_in(asked["jobQueue"]), None)
    return done()


def _delete_environment(asked: dict[str, Any]) -> Reply:
    name = name_in(asked["computeEnvironment"])
    made = batch._compute_envs.get(name)
    held = [
        queue
        for queue in batch._job_queues.values()
        for order in queue["computeEnvironmentOrder"]
        if name_in(order["computeEnvironment"]) == name
    ]
    if made and (held or made["state"] != "DISABLED"):
        return refused("a compute environment must be disabled, and in no queue, to be deleted")
    batch._compute_envs.pop(name, None)
    return done()
