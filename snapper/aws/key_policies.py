"""What an operator needs who keeps a key of a stage: to see the recipients, and to prove one."""

from snapper.aws.statements import Statement, allow, bucket, key, listed
from snapper.values.canary import FOLDER
from snapper.values.proven_recipient import proven_recipients_path
from snapper.values.service import Service
from snapper.values.settings import added_root, databases_path, options_path, service_parameter


def look_at_recipients(service: Service) -> list[Statement]:
    """Let it be seen for whom backups are sealed, and whose bucket it is."""
    root = service.arn("ssm", "parameter")
    table = f"{root}{databases_path(service.parameter_root)}"
    options = f"{root}{options_path(service.parameter_root)}"
    added = f"{root}{added_root(service.parameter_root)}"
    return [
        allow(["ssm:GetParameter"], [f"{root}{service_parameter(service.parameter_root)}"]),
        allow(
            ["ssm:GetParametersByPath"],
            [table, options, *listed(added), proven_recipients(service)],
        ),
        allow(["s3:ListBucket", "s3:GetBucketTagging"], [bucket(service)]),
        *key(service, "ssm", "kms:Decrypt"),
        *key(service, "s3", "kms:Decrypt"),
    ]


def prove(service: Service) -> list[Statement]:
    """Let canaries be made and read, and recorded who has opened one."""
    return [
        allow(["lambda:InvokeFunction"], [f"{service.arn('lambda', 'function')}:{service.dumper}"]),
        allow(["s3:GetObject"], [f"{bucket(service)}/{FOLDER}*"]),
        allow(["ssm:PutParameter"], [f"{proven_recipients(service)}/*"]),
    ]


def proven_recipients(service: Service) -> str:
    """Name the path below which it is recorded who has proven which recipient."""
    root = service.arn("ssm", "parameter")
    return f"{root}{proven_recipients_path(service.parameter_root)}"
