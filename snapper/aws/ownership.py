"""Whose a bucket is: asked once, before a command reads or changes what lies in it.

A signpost names the bucket, and whoever may write the signpost could name another one. That it is
in the stage's own account is always asked; its tags say of which stage it is. An adopted bucket
keeps the tags that it had for as long as the setting `bucket` names it.
"""

from typing import Any

from botocore.config import Config

from snapper.aws import client as aws
from snapper.errors import AwsDenied, AwsFailed, SettingsError
from snapper.values.program import PROGRAM
from snapper.values.service import Service
from snapper.values.settings import STAGE, parameter_root, service_parameter

_ADOPTED = "that is right if this stage has adopted it (setting `bucket`)"


def doubt(service: Service, stage: str, s3: Any, ssm: Any) -> str:  # noqa: ANN401  boto3 has no types
    """Say what is doubtful about the stage's bucket, if anything is.

    Raises SettingsError if the bucket is that of another stage, AwsDenied if it is not of the
    stage's account, and AwsFailed.
    """
    bucket, own = service.bucket, {"Bucket": service.bucket, "ExpectedBucketOwner": service.account}
    try:
        with aws.translated(f"s3:GetBucketTagging of {bucket}"):
            tags = {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(**own)["TagSet"]}
    except AwsDenied:
        # A policy that an older release printed lacks that right, and has this one.
        with aws.translated(f"s3:ListBucket of {bucket} in account {service.account}"):
            s3.head_bucket(**own)
        return (
            f"of which stage the bucket {bucket} is was not checked: that takes the right "
            f"s3:GetBucketTagging, which {PROGRAM} policy prints"
        )
    except AwsFailed as error:
        if "NoSuchTagSet" not in str(error):
            raise
        tags = {}
    other = tags.get("stage", "") if tags.get("project") == "snapper" else ""
    if other == stage:
        return ""
    if not STAGE.fullmatch(other):
        return f"the bucket {bucket} has no tag of a stage: {_ADOPTED}"
    _refuse_if_in_use(service, stage, other, ssm)
    return f"the bucket {bucket} has the tag of the stage {other}: {_ADOPTED}"


def require_owner(bucket: str, account: str, region: str) -> None:
    """Raise AwsDenied if the bucket is not of that account, or AwsFailed."""
    with aws.translated(f"s3:ListBucket of {bucket} in account {account}"):
        aws.client("s3", Config(region_name=region)).head_bucket(
            Bucket=bucket, ExpectedBucketOwner=account
        )


def _refuse_if_in_use(service: Service, stage: str, other: str, ssm: Any) -> None:  # noqa: ANN401  as above
    """Raise SettingsError if the other stage is still there, and uses the bucket."""
    name = service_parameter(parameter_root(other))
    try:
        with aws.translated(f"ssm:GetParameter of {name}"):
            text = str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        used = Service.from_json(text).bucket
    except (AwsFailed, SettingsError):
        # Whoever may read no other stage's signpost has no rights on its bucket either.
        return
    if used == service.bucket:
        raise SettingsError(
            f"the bucket {service.bucket}, which the stage {stage} names, is that of the stage "
            f"{other}",
            hint=f"look who wrote {service_parameter(parameter_root(stage))}: "
            "pulumi stack output bucket shows what the stage was deployed with",
        )
