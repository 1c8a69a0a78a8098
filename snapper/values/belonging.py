"""Whether a signpost names its own stage's parts: who may write it could point anywhere else.

Names say it for all parts but the bucket, which may be adopted: see snapper/aws/ownership.py.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from snapper.values.object_lock import ObjectLock
from snapper.values.place import Place
from snapper.values.proving import FREQUENCIES
from snapper.values.replica import foreign_replica, replica_prefix
from snapper.values.service import Service
from snapper.values.settings import STAGE, parameter_root
from snapper.values.stage_checks import CREATE

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_VERSION = re.compile(r"[0-9A-Za-z.+_-]{1,64}")
_SCHEDULE = re.compile(r"(?:rate|cron)\([ -~]{1,240}\)")
_HOURS = re.compile(r"-1|[0-9]{0,4}")
_DAYS = re.compile(r"[0-9]{0,3}")
_DISK = re.compile(r"[0-9]{0,2}")
_NUMBER = re.compile(r"[0-9]{0,5}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{0,64}", re.ASCII)
_RECIPIENTS = re.compile(r"[A-Za-z0-9@.+/= ,-]*")
_DIGESTS = re.compile(r"(?:[0-9a-f]{16}(?:,[0-9a-f]{16}){0,99})?", re.ASCII)
_REGION = re.compile(r"(?:[a-z]{2,3}(?:-[a-z]{1,16}){1,3}-[0-9]{1,2})?")
_ACCOUNT = re.compile(r"(?:[0-9]{12})?")
_KEY = re.compile(r"(?:arn:aws[a-z-]{0,10}:kms:[a-z0-9-]{1,32}:[0-9]{12}:key/[A-Za-z0-9-]{1,64})?")
_LONGEST_SHOWN = 100

Endpoints = Callable[[], Iterator[str]]


def strays(service: Service, stage: str, place: Place, endpoints: Endpoints) -> Iterator[str]:
    """Tell of every field that cannot be right of a stage of this name at this place.

    The place is that of the signpost itself, which AWS says. `endpoints` gives where AWS is for
    us, if not at its own hosts: a queue may be there too.
    """
    name = f"snapper-{stage}-"
    key = rf"arn:{place.partition}:kms:{place.region}:\d{{12}}:key/[A-Za-z0-9-]{{1,64}}"
    own_key = re.escape(place.arn("kms", "key/")) + r"[A-Za-z0-9-]{1,64}"
    right = {
        "version": bool(_VERSION.fullmatch(service.version)),
        "region": service.region == place.region,
        "parameter_root": service.parameter_root == parameter_root(stage),
        "bucket": bool(_BUCKET.fullmatch(service.bucket)),
        "queue_url": _is_queue(service.queue_url, f"{name}jobs", place, endpoints),
        "dead_letter_url": _is_queue(
            service.dead_letter_url, f"{name}dead-letters", place, endpoints
        ),
        "dispatcher": service.dispatcher == f"{name}dispatcher",
        "dumper": service.dumper == f"{name}dumper",
        "pruner": service.pruner in ("", f"{name}pruner"),
        "prover": service.prover in ("", f"{name}prover"),
        "watcher": service.watcher in ("", f"{name}watcher"),
        "drill": service.drill in ("", *FREQUENCIES),
        "proven_within_days": bool(_DAYS.fullmatch(service.proven_within_days)),
        "late_after_hours": bool(_HOURS.fullmatch(service.late_after_hours)),
        "recipient_proven_within_days": bool(
            _NUMBER.fullmatch(service.recipient_proven_within_days)
        ),
        "drill_disk_gb": bool(_DISK.fullmatch(service.drill_disk_gb)),
        "schedule": bool(_SCHEDULE.fullmatch(service.schedule)),
        "architecture": service.architecture in ("", "arm64", "x86_64"),
        "dumper_memory": bool(_NUMBER.fullmatch(service.dumper_memory)),
        "dumper_timeout": bool(_NUMBER.fullmatch(service.dumper_timeout)),
        "prover_memory": bool(_NUMBER.fullmatch(service.prover_memory)),
        "alarms": bool(_NUMBER.fullmatch(service.alarms)),
        "container_log_group": service.container_log_group in ("", f"/aws/batch/{name}large"),
        "drill_container_log_group": service.drill_container_log_group
        in ("", f"/aws/batch/{name}large-drills"),
        "restore_queue": service.restore_queue
        in ("", place.arn("batch", f"job-queue/{name}large-restores")),
        "restore_definition": service.restore_definition
        in ("", place.arn("batch", f"job-definition/{name}large-restores")),
        "drill_identity": bool(_DIGESTS.fullmatch(service.drill_identity)),
        "restore_log_group": service.restore_log_group in ("", f"/aws/batch/{name}large-restores"),
        "recipients": bool(_RECIPIENTS.fullmatch(service.recipients)),
        "kms_key_arn": not service.kms_key_arn
        or bool(re.fullmatch(key, service.kms_key_arn, re.ASCII)),
        "signing_key": not service.signing_key
        or bool(re.fullmatch(own_key, service.signing_key, re.ASCII)),
        "time_zone": bool(_ZONE.fullmatch(service.time_zone)),
        "kms_key": service.kms_key in ("", CREATE),
        "object_lock": not service.object_lock
        or ObjectLock.from_text(service.object_lock) is not None,
        "replica_bucket": service.replica_bucket in ("", foreign_replica(stage, place.account))
        or bool(
            re.fullmatch(rf"{replica_prefix(stage)}\d{{18}}[0-9a-f]{{8}}", service.replica_bucket)
        ),
        "replica_region": bool(_REGION.fullmatch(service.replica_region)),
        "replica_account": bool(_ACCOUNT.fullmatch(service.replica_account)),
        "replica_kms_key_arn": bool(_KEY.fullmatch(service.replica_kms_key_arn)),
        "topic": service.topic in ("", place.arn("sns", f"{name}alarms")),
    }
    if not STAGE.fullmatch(stage):
        yield f"stage is {_shown(stage)}"
    for field, is_right in right.items():
        if not is_right:
            yield f"{field} is {_shown(getattr(service, field))}"


def _is_queue(url: str, name: str, place: Place, endpoints: Endpoints) -> bool:
    """Tell whether it is the URL of that queue, at a host that is AWS's own or the one we use."""
    base, _, path = url.partition(f"/{place.account}/")
    own = {
        f"https://sqs.{place.region}.{place.domain}",
        f"https://sqs-fips.{place.region}.{place.domain}",
        f"https://sqs.{place.region}.api.aws",
        # Older forms, which SQS still takes.
        f"https://{place.region}.queue.{place.domain}",
        *(["https://queue.amazonaws.com"] if place.region == "us-east-1" else []),
    }
    return path == name and (base in own or _host(base) in map(_host, endpoints()))


def _host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def _shown(value: str) -> str:
    """Show what a stranger may have written: whatever is no plain letter is spelled out."""
    return ascii(value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…")
