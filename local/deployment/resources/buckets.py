"""S3: buckets and their rules."""

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from local.deployment.resources.request import Adopter, Created, Handler, Request, capitalised


def bucket(request: Request) -> Created:
    """Make a bucket; it ends with all its objects only if the program forces it."""
    s3, region = _s3(request), request.inputs.get("region") or request.cloud.region
    name = request.physical_name("bucket", "bucketPrefix")
    # S3 was there before its regions: the first must not be named, all others must.
    home = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **({} if region == "us-east-1" else home))
    if tags := request.inputs.tags():
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    return _there(request, name)


def adopted_bucket(request: Request, name: str) -> Created:
    """Take over a bucket that is there, with its name and tags; everything else is set as usual."""
    request.cloud.client("s3").head_bucket(Bucket=name)
    for left_alone in ("bucket", "bucketPrefix", "tags"):
        request.inputs.get(left_alone)
    return _there(request, name)


def _there(request: Request, name: str) -> Created:
    s3, region = _s3(request), request.inputs.get("region") or request.cloud.region
    force = request.inputs.get("forceDestroy", False)

    def destroy() -> None:
        if force:
            empty(s3, name)
        s3.delete_bucket(Bucket=name)

    outputs = {
        "arn": f"arn:aws:s3:::{name}",
        "bucket": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "region": region,
    }
    return Created(name, destroy, outputs)


def empty(s3: Any, name: str) -> None:  # noqa: ANN401 (boto3 has no types of its own)
    """Delete every version of every object, as Pulumi's provider does."""
    # Always the first page: the emulator passes some over when those before them are gone.
    while found := s3.list_object_versions(Bucket=name):
        versions = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        for version in versions:
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
        if not versions:
            break


def _s3(request: Request) -> Any:  # noqa: ANN401 (boto3 has no types of its own)
    """Give a client of the region that the resource names, if it is not the cloud's own."""
    return request.cloud.client("s3", request.inputs.get("region"))


def public_access_block(request: Request) -> Created:
    """Forbid whatever could make a bucket public."""
    s3, inputs = _s3(request), request.inputs
    name = inputs["bucket"]
    blocked = inputs.take(
        BlockPublicAcls="blockPublicAcls",
        BlockPublicPolicy="blockPublicPolicy",
        IgnorePublicAcls="ignorePublicAcls",
        RestrictPublicBuckets="restrictPublicBuckets",
    )
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
    return Created(name, partial(s3.delete_public_access_block, Bucket=name))


def ownership_controls(request: Request) -> Created:
    """Say who owns what is put into a bucket."""
    s3, inputs = _s3(request), request.inputs
    name = inputs["bucket"]
    rules = {"Rules": [capitalised(inputs["rule"])]}
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=rules)
    return Created(name, partial(s3.delete_bucket_ownership_controls, Bucket=name))


def encryption(request: Request) -> Created:
    """Say by which key a bucket encrypts."""
    s3, inputs = _s3(request), request.inputs
    name = inputs["bucket"]
    spelled = capitalised(
        inputs.take(rules="rules"), sseAlgorithm="SSEAlgorithm", kmsMasterKeyId="KMSMasterKeyID"
    )
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=spelled)
    return Created(name, partial(s3.delete_bucket_encryption, Bucket=name))


def versioning(request: Request) -> Created:
    """Have a bucket keep what is overwritten or deleted."""
    s3, inputs = _s3(request), request.inputs
    name, settings = inputs["bucket"], capitalised(inputs["versioningConfiguration"])
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=settings)
    # Like Pulumi's provider: what was once versioned can only be suspended.
    suspended = {"Status": "Suspended"}
    return Created(
        name, partial(s3.put_bucket_versioning, Bucket=name, VersioningConfiguration=suspended)
    )


def lifecycle(request: Request) -> Created:
    """Have a bucket sweep itself."""
    s3, inputs = _s3(request), request.inputs
    name = inputs["bucket"]
    rules = capitalised(inputs.take(rules="rules"), id="ID")
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=rules)
    return Created(name, partial(s3.delete_bucket_lifecycle, Bucket=name))


def object_lock(request: Request) -> Created:
    """Have a bucket lock what is put there; that it can lock stays, as with Pulumi's provider."""
    s3, inputs = _s3(request), request.inputs
    name, rule = inputs["bucket"], capitalised(inputs["rule"])
    configure = partial(s3.put_object_lock_configuration, Bucket=name)
    configure(ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
    ended = {"ObjectLockEnabled": "Enabled"}
    return Created(name, partial(configure, ObjectLockConfiguration=ended))


def replication(request: Request) -> Created:
    """Have a bucket copy into another one what is put there."""
    s3, inputs = _s3(request), request.inputs
    name = inputs["bucket"]
    rules = capitalised(inputs.take(rules="rules"), id="ID", replicaKmsKeyId="ReplicaKmsKeyID")
    configuration = {"Role": inputs["role"], **rules}
    s3.put_bucket_replication(Bucket=name, ReplicationConfiguration=configuration)
    return Created(name, partial(s3.delete_bucket_replication, Bucket=name))


def stored(request: Request) -> Created:
    """Put a file into a bucket."""
    s3, inputs = _s3(request), request.inputs
    name, key = inputs["bucket"], inputs["key"]
    inputs.get("sourceHash")  # only tells the provider that the file is another
    with Path(inputs["source"].path).open("rb") as file:
        s3.put_object(
            Bucket=name,
            Key=key,
            Body=file,
            Tagging=urlencode(inputs.get("tags", {})),
            **inputs.take(ContentType="contentType"),
        )
    return Created(f"{name}/{key}", partial(s3.delete_object, Bucket=name, Key=key), {"key": key})


def policy(request: Request) -> Created:
    """Say who may do what with a bucket."""
    s3, inputs = _s3(request), request.inputs
    name = inputs["bucket"]
    s3.put_bucket_policy(Bucket=name, Policy=inputs["policy"])
    return Created(name, partial(s3.delete_bucket_policy, Bucket=name))


def notification(request: Request) -> Created:
    """Have a bucket call functions for what happens in it; it has one configuration at a time."""
    s3, inputs = _s3(request), request.inputs
    name = inputs["bucket"]
    called = [_called(each) for each in inputs.get("lambdaFunctions", [])]
    configure = partial(s3.put_bucket_notification_configuration, Bucket=name)
    configure(NotificationConfiguration={"LambdaFunctionConfigurations": called})
    return Created(name, partial(configure, NotificationConfiguration={}))


def _called(function: dict[str, Any]) -> dict[str, Any]:
    names = {"filterPrefix": "prefix", "filterSuffix": "suffix"}
    rules = [
        {"Name": theirs, "Value": function[ours]}
        for ours, theirs in names.items()
        if ours in function
    ]
    known = {"id": "Id", "lambdaFunctionArn": "LambdaFunctionArn", "events": "Events"}
    if unknown := function.keys() - names.keys() - known.keys():
        raise ValueError(f"not applied locally: {', '.join(sorted(unknown))}")
    given = {theirs: function[ours] for ours, theirs in known.items() if ours in function}
    return {**given, "Filter": {"Key": {"FilterRules": rules}}}


HANDLERS: dict[str, Handler] = {
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": public_access_block,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ownership_controls,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        encryption
    ),
    "aws:s3/bucketVersioning:BucketVersioning": versioning,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": object_lock,
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": replication,
    "aws:s3/bucketObjectv2:BucketObjectv2": stored,
    "aws:s3/bucketPolicy:BucketPolicy": policy,
    "aws:s3/bucketNotification:BucketNotification": notification,
}

ADOPTERS: dict[str, Adopter] = {"aws:s3/bucket:Bucket": adopted_bucket}
