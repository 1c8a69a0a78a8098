"""Who is signed in, as AWS knows them."""

from snapper.aws import client as aws


def caller() -> str:
    """Give the ARN of whoever's credentials are used; needs no right. Raises AwsFailed."""
    with aws.translated("sts:GetCallerIdentity"):
        return str(aws.client("sts").get_caller_identity()["Arn"])
