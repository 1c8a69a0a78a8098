"""IAM policies for operators: what each command of the command line needs, and nothing more."""

from enum import StrEnum
from typing import Any

from snapper.aws.key_policies import look_at_recipients, prove, proven_recipients
from snapper.aws.statements import Statement
from snapper.aws.statements import allow as _allow
from snapper.aws.statements import bucket as _bucket
from snapper.aws.statements import key as _key
from snapper.aws.statements import listed as _listed
from snapper.values.generation import heads_path, tables_path
from snapper.values.keys import DUMPS, LISTS, MARK, Kind
from snapper.values.pin import PINNED, UNTIL
from snapper.values.place import domain_of
from snapper.values.service import Service
from snapper.values.settings import (
    RETENTIONS,
    added_root,
    chain_keys_path,
    chain_path,
    databases_path,
    options_path,
    service_parameter,
)
from snapper.values.summary import FOLDER
from snapper.values.tombstone import FOLDER as TOMBSTONES

_VERDICTS = (Kind.VERIFICATION, Kind.DAMAGED)
_PINS = (PINNED, f"{UNTIL}*")


class Rights(StrEnum):
    """What an operator may do; OPERATE has the rights of all others, RESTORE those of READ.

    With READ, no backup can be read, and the dead letters only counted; with RESTORE all can, but
    nothing is changed save a verdict beside a backup; with OPERATE every command works. With
    RESTORE_IN_CLOUD a container may be ordered to restore, and followed. No backup can be read
    but by a container: Batch lets who orders one say what it runs, under its own role. With PROVE
    whoever keeps a key may prove it by a canary; who may have the dumper make one may have it dump.
    """

    READ = "read"
    RESTORE = "restore"
    RESTORE_IN_CLOUD = "restore-in-cloud"
    PROVE = "prove"
    OPERATE = "operate"


def policy(service: Service, rights: Rights) -> dict[str, Any]:
    """Give the policy for an operator of this stage, as JSON values.

    Raises SettingsError for RESTORE_IN_CLOUD where the stage has no such containers.
    """
    if rights is Rights.RESTORE_IN_CLOUD:
        service.require_restores()
        statements = _choose(service) + _restore_in_cloud(service)
    elif rights is Rights.PROVE:
        statements = look_at_recipients(service) + prove(service)
    else:
        statements = _read(service)
    if rights in (Rights.RESTORE, Rights.OPERATE):
        statements += _restore(service)
    if rights is Rights.OPERATE:
        statements += _operate(service) + prove(service)
        statements += _restore_in_cloud(service) if service.restore_queue else []
    return {"Version": "2012-10-17", "Statement": statements}


def _read(service: Service) -> list[Statement]:
    root = service.arn("ssm", "parameter")
    table = f"{root}{databases_path(service.parameter_root)}"
    options = f"{root}{options_path(service.parameter_root)}"
    added = f"{root}{added_root(service.parameter_root)}"
    # Where older deployments keep the counts, one by one.
    counts = f"{root}{service.parameter_root}/{RETENTIONS}"
    bucket = _bucket(service)
    return [
        _allow(["ssm:GetParameter"], [f"{root}{service_parameter(service.parameter_root)}"]),
        _allow(["ssm:GetParametersByPath"], [table, options, counts, *_listed(added)]),
        _allow(["ssm:GetParametersByPath"], [proven_recipients(service)]),
        _allow(["ssm:GetParameter"], [f"{counts}/*"]),
        # Versions tell when an object was written, and what is still kept of deleted ones.
        _allow(["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketTagging"], [bucket]),
        _allow(["s3:GetObject"], [f"{bucket}/*{kind}" for kind in (Kind.MANIFEST, *_VERDICTS)]),
        _allow(["s3:GetObject"], [f"{bucket}/*{end}" for end in _PINS]),
        # Copies of the same, all at once.
        _allow(["s3:GetObject"], [f"{bucket}/{FOLDER}*"]),
        _allow(
            ["sqs:GetQueueAttributes"],
            [_queue(service, url) for url in (service.queue_url, service.dead_letter_url)],
        ),
        _allow(
            ["logs:FilterLogEvents"],
            [
                service.arn("logs", f"log-group:{group}:*")
                for group in (*service.dump_log_groups, *service.drill_log_groups)
            ],
        ),
        *_replica(service, Kind.MANIFEST, *_VERDICTS),
        *_topic(service),
        *_chain(service),
        *_lock(service, "s3:GetBucketObjectLockConfiguration", bucket),
        *([_allow(["kms:DescribeKey"], [service.kms_key_arn])] if service.kms_key_arn else []),
        *_key(service, "ssm", "kms:Decrypt"),
        *_key(service, "s3", "kms:Decrypt"),
    ]


def _restore(service: Service) -> list[Statement]:
    bucket = _bucket(service)
    return [
        # A list holds no row, but digests by which few short rows could be guessed.
        _allow(["s3:GetObject"], [f"{bucket}/*{kind}" for kind in (*DUMPS, *LISTS)]),
        _allow(["s3:PutObject"], [f"{bucket}/*{kind}" for kind in _VERDICTS]),
        # Whoever reads a letter hides it meanwhile, and can go on hiding it.
        _allow(
            ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"],
            [_queue(service, service.dead_letter_url)],
        ),
        *_key(service, "s3", "kms:GenerateDataKey"),
        *_replica(service, *DUMPS, *LISTS, more=True),
    ]


def _choose(service: Service) -> list[Statement]:
    """Let a backup be chosen as `read` does, and nothing else be looked at."""
    root, bucket = service.arn("ssm", "parameter"), _bucket(service)
    table = f"{root}{databases_path(service.parameter_root)}"
    added = f"{root}{added_root(service.parameter_root)}"
    return [
        _allow(["ssm:GetParameter"], [f"{root}{service_parameter(service.parameter_root)}"]),
        # Of a database that is not known it is said which ones are.
        _allow(["ssm:GetParametersByPath"], [table, heads_path(added), f"{tables_path(added)}/*"]),
        _allow(["s3:ListBucket", "s3:GetBucketTagging"], [bucket]),
        _allow(["s3:GetObject"], [f"{bucket}/*{kind}" for kind in (Kind.MANIFEST, *_VERDICTS)]),
        *_key(service, "ssm", "kms:Decrypt"),
        *_key(service, "s3", "kms:Decrypt"),
    ]


def _restore_in_cloud(service: Service) -> list[Statement]:
    definition = service.restore_definition
    return [
        _allow(["batch:SubmitJob"], [service.restore_queue, definition, f"{definition}:*"]),
        # Batch knows no narrower right to it. What stands in a job only `DescribeJobs` tells.
        _allow(["batch:ListJobs"], ["*"]),
        _allow(
            ["logs:FilterLogEvents"],
            [service.arn("logs", f"log-group:{service.restore_log_group}:*")],
        ),
    ]


def _operate(service: Service) -> list[Statement]:
    function = service.arn("lambda", "function")
    added = f"{service.arn('ssm', 'parameter')}{added_root(service.parameter_root)}"
    # Older deployments have no pruner, or no prover.
    functions = (service.dumper, service.dispatcher, service.pruner, service.prover)
    called = filter(None, functions)
    return [
        _allow(["sqs:SendMessage"], [_queue(service, service.queue_url)]),
        _allow(["sqs:DeleteMessage"], [_queue(service, service.dead_letter_url)]),
        _allow(
            ["lambda:InvokeFunction"],
            [f"{function}:{name}" for name in called],
        ),
        _allow(
            ["s3:DeleteObject"],
            [f"{_bucket(service)}/*{end}" for end in (*Kind, f"{MARK}*", *_PINS)],
        ),
        _allow(["s3:PutObject"], [f"{_bucket(service)}/*{end}" for end in _PINS]),
        *_lock(service, "s3:GetObjectRetention", *(f"{_bucket(service)}/*{end}" for end in DUMPS)),
        # The databases that are no part of the deployment. What shares a parameter with one that
        # changes is read and written anew.
        _allow(["ssm:GetParametersByPath"], [added]),
        _allow(["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"], [f"{added}/*"]),
        *_key(service, "ssm", "kms:Encrypt"),
    ]


def _chain(service: Service) -> list[Statement]:
    """Let what is signed be judged, where anything is; nobody of these may sign."""
    if not service.signing_key:
        return []
    root = service.arn("ssm", "parameter")
    return [
        _allow(["ssm:GetParameterHistory"], [f"{root}{chain_path(service.parameter_root)}/*"]),
        _allow(["ssm:GetParametersByPath"], [f"{root}{chain_keys_path(service.parameter_root)}"]),
        _allow(["s3:GetObject"], [f"{_bucket(service)}/{TOMBSTONES}*"]),
        _allow(["kms:GetPublicKey"], [service.signing_key]),
    ]


def _topic(service: Service) -> list[Statement]:
    return [_allow(["sns:ListSubscriptionsByTopic"], [service.topic])] if service.topic else []


def _lock(service: Service, action: str, *resources: str) -> list[Statement]:
    """Let be seen what is locked, where anything is; nobody is let lift a lock."""
    return [_allow([action], list(resources))] if service.lock else []


def _replica(service: Service, *kinds: Kind, more: bool = False) -> list[Statement]:
    """Let the second bucket be listed and such objects of it be read, if the stage has one.

    With `more` besides what was allowed before.
    """
    if not service.replica_bucket:
        return []
    bucket = f"arn:{service.partition}:s3:::{service.replica_bucket}"
    read = _allow(["s3:GetObject"], [f"{bucket}/*{kind}" for kind in kinds])
    if more:
        return [read]
    listed = [_allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket]), read]
    if key := service.replica_kms_key_arn:
        via = f"s3.{service.replica_region}.{domain_of(service.partition)}"
        decrypt = _allow(["kms:Decrypt"], [key])
        listed.append({**decrypt, "Condition": {"StringEquals": {"kms:ViaService": via}}})
    return listed


def _queue(service: Service, url: str) -> str:
    return service.arn("sqs", url.rsplit("/", 1)[-1])
