"""What Pulumi's AWS provider asks of AWS for each type of resource, beside making and deleting it.

Taken from the sources of the Terraform provider that it is built on: every resource is read after
it was made and at each refresh, tags and settings are changed in place. The embedded deployment
only makes and deletes; `rehearse` does the rest, with the credentials it is given.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from local.deployment.deploy import Registration
from local.emulator.cloud import Cloud

TAGS = {"try": "this"}
LISTED = [{"Key": "try", "Value": "this"}]
NAMES = ["try"]


class Call(NamedTuple):
    """One call of boto3, made of a resource as it was registered."""

    service: str
    name: str
    arguments: Callable[[Registration], dict[str, Any]]


def _bucket(name: str, **more: Any) -> Call:
    return Call("s3", name, lambda it: {"Bucket": it.identifier, **more})


def _queue(name: str, **more: Any) -> Call:
    return Call("sqs", name, lambda it: {"QueueUrl": it.identifier, **more})


def _function(name: str, **more: Any) -> Call:
    return Call("lambda", name, lambda it: {"FunctionName": it.identifier, **more})


def _role(name: str, **more: Any) -> Call:
    return Call("iam", name, lambda it: {"RoleName": it.identifier, **more})


def _parameter(name: str, **more: Any) -> Call:
    return Call(
        "ssm", name, lambda it: {"ResourceType": "Parameter", "ResourceId": it.identifier, **more}
    )


def _key(name: str, **more: Any) -> Call:
    return Call("kms", name, lambda it: {"KeyId": it.identifier, **more})


def _of_arn(service: str, name: str, key: str, **more: Any) -> Call:
    return Call(service, name, lambda it: {key: it.outputs["arn"], **more})


def _mapping(name: str, **more: Any) -> Call:
    def arguments(it: Registration) -> dict[str, Any]:
        place = it.outputs["functionArn"].partition(":function:")[0]
        return {"Resource": f"{place}:event-source-mapping:{it.identifier}", **more}

    return Call("lambda", name, arguments)


def _on(bucket_call: str) -> tuple[Call, ...]:
    """Read one of a bucket's settings, which are resources of their own."""
    return (Call("s3", bucket_call, lambda it: {"Bucket": it.inputs["bucket"]}),)


_ATTRIBUTES = (_queue("get_queue_attributes", AttributeNames=["All"]),)

REHEARSED: Mapping[str, tuple[Call, ...]] = {
    "aws:ssm/parameter:Parameter": (
        Call("ssm", "get_parameter", lambda it: {"Name": it.identifier, "WithDecryption": True}),
        Call("ssm", "describe_parameters", lambda it: {}),
        _parameter("list_tags_for_resource"),
        _parameter("add_tags_to_resource", Tags=LISTED),
        _parameter("remove_tags_from_resource", TagKeys=NAMES),
    ),
    "aws:s3/bucket:Bucket": (
        _bucket("head_bucket"),
        _bucket("get_bucket_acl"),
        _bucket("get_bucket_cors"),
        _bucket("get_bucket_website"),
        _bucket("get_bucket_versioning"),
        _bucket("get_bucket_accelerate_configuration"),
        _bucket("get_bucket_request_payment"),
        _bucket("get_bucket_logging"),
        _bucket("get_bucket_replication"),
        _bucket("get_object_lock_configuration"),
        _bucket("get_bucket_location"),
        _bucket("get_bucket_tagging"),
        _bucket("put_bucket_tagging", Tagging={"TagSet": LISTED}),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _on("get_public_access_block"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _on("get_bucket_ownership_controls"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _on(
        "get_bucket_encryption"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _on("get_bucket_versioning"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _on(
        "get_bucket_lifecycle_configuration"
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": _on("get_bucket_replication"),
    "aws:s3/bucketPolicy:BucketPolicy": _on("get_bucket_policy"),
    "aws:s3/bucketNotification:BucketNotification": _on("get_bucket_notification_configuration"),
    "aws:sqs/queue:Queue": (
        *_ATTRIBUTES,
        _queue("list_queue_tags"),
        _queue("tag_queue", Tags=TAGS),
        _queue("untag_queue", TagKeys=NAMES),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": _ATTRIBUTES,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _ATTRIBUTES,
    "aws:iam/role:Role": (
        _role("get_role"),
        _role("list_role_policies"),
        _role("list_attached_role_policies"),
        _role("list_instance_profiles_for_role"),
        _role("tag_role", Tags=LISTED),
        _role("untag_role", TagKeys=NAMES),
        Call(
            "iam",
            "update_assume_role_policy",
            lambda it: {
                "RoleName": it.identifier,
                "PolicyDocument": it.inputs["assumeRolePolicy"],
            },
        ),
        Call(
            "iam",
            "put_role_permissions_boundary",
            lambda it: {
                "RoleName": it.identifier,
                "PermissionsBoundary": it.inputs["permissionsBoundary"],
            },
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        Call(
            "iam",
            "get_role_policy",
            lambda it: {"RoleName": it.inputs["role"], "PolicyName": it.inputs["name"]},
        ),
    ),
    "aws:lambda/layerVersion:LayerVersion": (
        Call(
            "lambda",
            "get_layer_version",
            lambda it: {"LayerName": it.inputs["layerName"], "VersionNumber": 1},
        ),
    ),
    "aws:lambda/function:Function": (
        _function("get_function"),
        _function("list_versions_by_function"),
        _function("get_function_code_signing_config"),
        _function("update_function_configuration", MemorySize=512),
        Call(
            "lambda",
            "update_function_code",
            lambda it: {
                "FunctionName": it.identifier,
                "ZipFile": Path(it.inputs["code"].path).read_bytes(),
            },
        ),
        _of_arn("lambda", "list_tags", "Resource"),
        _of_arn("lambda", "tag_resource", "Resource", Tags=TAGS),
        _of_arn("lambda", "untag_resource", "Resource", TagKeys=NAMES),
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        Call("lambda", "get_event_source_mapping", lambda it: {"UUID": it.identifier}),
        Call("lambda", "update_event_source_mapping", lambda it: {"UUID": it.identifier}),
        _mapping("list_tags"),
        _mapping("tag_resource", Tags=TAGS),
        _mapping("untag_resource", TagKeys=NAMES),
    ),
    "aws:lambda/permission:Permission": (
        Call("lambda", "get_policy", lambda it: {"FunctionName": it.inputs["function"]}),
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        _function("get_function_event_invoke_config"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        Call("logs", "describe_log_groups", lambda it: {"logGroupNamePrefix": it.identifier}),
        _of_arn("logs", "list_tags_for_resource", "resourceArn"),
        _of_arn("logs", "tag_resource", "resourceArn", tags=TAGS),
        _of_arn("logs", "untag_resource", "resourceArn", tagKeys=NAMES),
    ),
    "aws:cloudwatch/eventRule:EventRule": (
        Call("events", "describe_rule", lambda it: {"Name": it.identifier}),
        _of_arn("events", "list_tags_for_resource", "ResourceARN"),
        _of_arn("events", "tag_resource", "ResourceARN", Tags=LISTED),
        _of_arn("events", "untag_resource", "ResourceARN", TagKeys=NAMES),
    ),
    "aws:cloudwatch/eventTarget:EventTarget": (
        Call("events", "list_targets_by_rule", lambda it: {"Rule": it.inputs["rule"]}),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        Call("cloudwatch", "describe_alarms", lambda it: {"AlarmNames": [it.identifier]}),
        _of_arn("cloudwatch", "list_tags_for_resource", "ResourceARN"),
        _of_arn("cloudwatch", "tag_resource", "ResourceARN", Tags=LISTED),
        _of_arn("cloudwatch", "untag_resource", "ResourceARN", TagKeys=NAMES),
    ),
    "aws:sns/topic:Topic": (
        _of_arn("sns", "get_topic_attributes", "TopicArn"),
        _of_arn("sns", "list_tags_for_resource", "ResourceArn"),
        _of_arn("sns", "tag_resource", "ResourceArn", Tags=LISTED),
        _of_arn("sns", "untag_resource", "ResourceArn", TagKeys=NAMES),
    ),
    "aws:kms/alias:Alias": (
        Call("kms", "list_aliases", lambda it: {}),
        Call(
            "kms",
            "update_alias",
            lambda it: {"AliasName": it.identifier, "TargetKeyId": it.inputs["targetKeyId"]},
        ),
    ),
    "aws:kms/key:Key": (
        _key("describe_key"),
        _key("get_key_policy"),
        _key("get_key_rotation_status"),
        _key("list_resource_tags"),
        Call(
            "kms",
            "tag_resource",
            lambda it: {
                "KeyId": it.identifier,
                "Tags": [
                    {"TagKey": key, "TagValue": value} for key, value in it.inputs["tags"].items()
                ],
            },
        ),
        _key("untag_resource", TagKeys=NAMES),
        _key("update_key_description", Description="another"),
        Call(
            "kms",
            "put_key_policy",
            lambda it: {"KeyId": it.identifier, "Policy": it.inputs["policy"]},
        ),
    ),
    "aws:batch/computeEnvironment:ComputeEnvironment": (
        Call("batch", "describe_compute_environments", lambda it: {}),
        Call(
            "batch",
            "update_compute_environment",
            lambda it: {"computeEnvironment": it.identifier, "state": "ENABLED"},
        ),
    ),
    "aws:batch/jobQueue:JobQueue": (Call("batch", "describe_job_queues", lambda it: {}),),
    "aws:batch/jobDefinition:JobDefinition": (
        Call("batch", "describe_job_definitions", lambda it: {}),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        Call("ec2", "describe_security_groups", lambda it: {"GroupIds": [it.identifier]}),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": tuple(
        Call("s3", call, lambda it: {"Bucket": it.inputs["bucket"], "Key": it.inputs["key"]})
        for call in ("head_object", "get_object_tagging")
    ),
    "aws:sns/topicPolicy:TopicPolicy": (),
    "aws:sns/topicSubscription:TopicSubscription": (
        Call("sns", "get_subscription_attributes", lambda it: {"SubscriptionArn": it.identifier}),
    ),
}


def rehearse(cloud: Cloud, registration: Registration) -> Iterator[str]:
    """Make the provider's calls for a resource, and give those that were refused."""
    for call in REHEARSED[registration.type]:
        try:
            getattr(cloud.client(call.service), call.name)(**call.arguments(registration))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if "AccessDenied" in code or "AuthorizationError" in code or code == "403":
                yield f"{call.service} {call.name}: {error}"
            # Anything else, as that there is no such setting, was answered and not refused.
