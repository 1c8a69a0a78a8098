"""Where the parts of a deployed stage are: written by the deployment, read by the command line."""

import json
from dataclasses import MISSING, dataclass, fields
from typing import Self

from snapper.errors import SettingsError


@dataclass(frozen=True)
class Service:
    """One stage's parts: the bucket, URLs of the queues, names of the functions, the schedule.

    `kms_key_arn` is the customer's own key, or empty where AWS's keys encrypt. What has a default
    is not on the signpost of stages that an older release deployed.
    """

    version: str
    region: str
    parameter_root: str
    bucket: str
    queue_url: str
    dead_letter_url: str
    dispatcher: str
    dumper: str
    schedule: str
    kms_key_arn: str
    topic: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the parts; raise SettingsError if another release of Snapper wrote them."""
        try:
            found = json.loads(text)
            names = [
                field.name
                for field in fields(cls)
                if field.default is MISSING or field.name in found
            ]
            return cls(**{name: str(found[name]) for name in names})
        except (ValueError, KeyError, TypeError):
            raise SettingsError(
                "the stage was deployed by another release of Snapper",
                hint="use that release, or run pulumi up with this one",
            ) from None

    @property
    def log_group(self) -> str:
        """The log group of the dumper."""
        return f"/aws/lambda/{self.dumper}"

    @property
    def partition(self) -> str:
        """The partition of AWS in which the region lies."""
        return partition_of(self.region)

    def arn(self, kind: str, resource: str) -> str:
        """Name a regional resource of the account, whose number stands in the queue's URL."""
        account = self.queue_url.split("/")[-2]
        return f"arn:{self.partition}:{kind}:{self.region}:{account}:{resource}"

    def endpoint(self, kind: str) -> str:
        """Name a service of the region as KMS names who asks for a key; China's differ."""
        return f"{kind}.{self.region}.{domain_of(self.partition)}"


def partition_of(region: str) -> str:
    """Give the partition of AWS in which a region lies."""
    first, second, *_ = *region.split("-"), ""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(
        f"{first}-{second}" if second == "gov" else first, "aws"
    )


def domain_of(partition: str) -> str:
    """Give the suffix of a partition's endpoints; that of China differs."""
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
