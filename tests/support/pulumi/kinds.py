"""What Pulumi's AWS provider knows of each type of resource before it calls AWS.

Written by hand from the provider's documentation and sources, for the types that we have handlers
for; a test holds the two tables against each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from local.emulator.cloud import Cloud

_GONE = ("NotFound", "NoSuch", "404", "NonExistent", "does not exist")


class Question(NamedTuple):
    """The one call that tells whether a resource is there, with its id as this argument."""

    service: str
    call: str
    argument: str


@dataclass(frozen=True)
class Kind:
    """One type: which inputs force a new one, which outputs AWS makes up, how to ask for it."""

    replaced_by: str
    computed: str = ""
    question: Question | None = None

    def forces_replacement(self, key: str) -> bool:
        """Tell whether a change of this input makes a new resource; `*` is every input."""
        return self.replaced_by == "*" or key in self.replaced_by.split()

    def exists(self, cloud: Cloud, identifier: str) -> bool:
        """Ask for it; what has no question is a part of something else, and is believed."""
        if not self.question:
            return True
        service, call, argument = self.question
        try:
            getattr(cloud.client(service), call)(**{argument: identifier})
        except Exception as error:
            if any(word in str(error) for word in _GONE):
                return False
            raise
        return True


_LAMBDA, _S3 = "aws:lambda", "aws:s3"
_OF_BUCKET = "bucket expectedBucketOwner"
_BUCKET_MADE = "arn bucket bucketDomainName bucketRegionalDomainName region"

KINDS: Mapping[str, Kind] = {
    f"{_S3}/bucket:Bucket": Kind(
        "bucket bucketPrefix objectLockEnabled",
        _BUCKET_MADE,
        Question("s3", "head_bucket", "Bucket"),
    ),
    f"{_S3}/bucketPolicy:BucketPolicy": Kind("bucket"),
    f"{_S3}/bucketNotification:BucketNotification": Kind("bucket"),
    f"{_S3}/bucketPublicAccessBlock:BucketPublicAccessBlock": Kind("bucket"),
    f"{_S3}/bucketOwnershipControls:BucketOwnershipControls": Kind("bucket"),
    f"{_S3}/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Kind(
        _OF_BUCKET
    ),
    f"{_S3}/bucketVersioning:BucketVersioning": Kind(_OF_BUCKET),
    f"{_S3}/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Kind(_OF_BUCKET),
    f"{_S3}/bucketObjectLockConfiguration:BucketObjectLockConfiguration": Kind(
        f"{_OF_BUCKET} objectLockEnabled"
    ),
    f"{_S3}/bucketReplicationConfig:BucketReplicationConfig": Kind("bucket"),
    f"{_S3}/bucketObjectv2:BucketObjectv2": Kind("bucket key", "arn etag versionId"),
    "aws:batch/computeEnvironment:ComputeEnvironment": Kind("name namePrefix type", "arn status"),
    "aws:batch/jobQueue:JobQueue": Kind("name", "arn"),
    "aws:batch/jobDefinition:JobDefinition": Kind("name type", "arn arnPrefix revision"),
    "aws:ec2/securityGroup:SecurityGroup": Kind("name namePrefix description vpcId", "arn ownerId"),
    "aws:cloudwatch/logGroup:LogGroup": Kind("name namePrefix logGroupClass", "arn"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind("name", "arn"),
    "aws:cloudwatch/eventRule:EventRule": Kind(
        "name namePrefix eventBusName", "arn", Question("events", "describe_rule", "Name")
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Kind("rule targetId eventBusName"),
    f"{_LAMBDA}/layerVersion:LayerVersion": Kind("*", "arn layerArn version"),
    f"{_LAMBDA}/permission:Permission": Kind("*"),
    f"{_LAMBDA}/function:Function": Kind(
        "name packageType",
        "arn version qualifiedArn",
        Question("lambda", "get_function", "FunctionName"),
    ),
    f"{_LAMBDA}/eventSourceMapping:EventSourceMapping": Kind(
        "eventSourceArn startingPosition",
        "uuid functionArn",
        Question("lambda", "get_event_source_mapping", "UUID"),
    ),
    f"{_LAMBDA}/functionEventInvokeConfig:FunctionEventInvokeConfig": Kind(
        "functionName qualifier"
    ),
    "aws:ssm/parameter:Parameter": Kind(
        "name dataType", "arn version", Question("ssm", "get_parameter", "Name")
    ),
    "aws:kms/alias:Alias": Kind("name namePrefix", "arn targetKeyArn"),
    "aws:kms/key:Key": Kind(
        "keyUsage customerMasterKeySpec multiRegion customKeyStoreId xksKeyId",
        "arn keyId",
        Question("kms", "describe_key", "KeyId"),
    ),
    "aws:sqs/queue:Queue": Kind(
        "name namePrefix fifoQueue", "url arn", Question("sqs", "get_queue_attributes", "QueueUrl")
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Kind("queueUrl"),
    "aws:sqs/redrivePolicy:RedrivePolicy": Kind("queueUrl"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": Kind("queueUrl"),
    "aws:iam/role:Role": Kind(
        "name namePrefix path", "arn uniqueId", Question("iam", "get_role", "RoleName")
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind("name namePrefix role"),
    "aws:sns/topic:Topic": Kind(
        "name namePrefix fifoTopic", "arn", Question("sns", "get_topic_attributes", "TopicArn")
    ),
    "aws:sns/topicPolicy:TopicPolicy": Kind("arn"),
    "aws:sns/topicSubscription:TopicSubscription": Kind("topic protocol endpoint", "arn"),
}


def kind_of(urn: str) -> str:
    """Give the type token of a resource.

    >>> kind_of("urn:pulumi:prod::snapper::a:b:Room$aws:sqs/queue:Queue::jobs")
    'aws:sqs/queue:Queue'
    """
    return urn.split("::")[2].split("$")[-1]


def name_of(urn: str) -> str:
    """Give the logical name of a resource."""
    return urn.split("::")[-1]
