"""Where in AWS something is: partition, region and account, as an ARN says."""

from typing import NamedTuple


class Place(NamedTuple):
    """Where something is: partition, region and account."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, arn: str) -> "Place":
        """Read the place out of any regional ARN; of what is none, as a double may give, nothing.

        >>> Place.of("arn:aws:sqs:eu-central-1:123456789012:jobs")
        Place(partition='aws', region='eu-central-1', account='123456789012')
        """
        _, partition, _, region, account, *_ = (*str(arn).split(":", 5), *5 * ("",))
        return cls(partition, region, account)

    def arn(self, service: str, resource: str) -> str:
        """Name another thing of the same place."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def domain(self) -> str:
        """The suffix of the endpoints."""
        return domain_of(self.partition)


def partition_of(region: str) -> str:
    """Give the partition of AWS in which a region lies."""
    first, second, *_ = *region.split("-"), ""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(
        f"{first}-{second}" if second == "gov" else first, "aws"
    )


def domain_of(partition: str) -> str:
    """Give the suffix of a partition's endpoints; that of China differs."""
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
