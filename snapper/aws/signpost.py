"""The signpost that a deployment leaves: where all parts of a stage are."""

from collections.abc import Iterator
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from snapper.aws import client as aws
from snapper.errors import AwsFailed, SettingsError
from snapper.values.belonging import strays
from snapper.values.place import Place
from snapper.values.service import Service
from snapper.values.settings import parameter_root, service_parameter


class NoStage(SettingsError):
    """There is no stage of this name here."""


def find(stage: str, ssm: Any) -> Service:  # noqa: ANN401  boto3 has no types
    """Read where the stage's parts are.

    Raises NoStage if there is no such stage here, SettingsError if what it names is not its own.
    """
    name = service_parameter(parameter_root(stage))
    try:
        with aws.translated(f"ssm:GetParameter of {name}"):
            found = ssm.get_parameter(Name=name)["Parameter"]
            text, place = str(found["Value"]), Place.of(found["ARN"])
    except AwsFailed as error:
        # The second is SSM's word for a name that no parameter can have.
        if not any(code in str(error) for code in ("ParameterNotFound", "ValidationException")):
            raise
        where = f"{ssm.meta.region_name}{of_account()}"
        raise NoStage(
            f"there is no stage {stage} in {where}: {name} does not exist",
            hint="choose with --stage, --region and --profile; "
            "pulumi stack output region shows where a stage was deployed",
        ) from None
    service = Service.from_json(text)
    if wrong := list(strays(service, stage, place, lambda: _endpoints(ssm))):
        raise SettingsError(
            f"{name} names what is not of the stage {stage}: {', '.join(wrong)}",
            hint="look who wrote it; pulumi up --refresh writes it again",
        )
    return service


def _endpoints(ssm: Any) -> Iterator[str]:  # noqa: ANN401  as above
    yield ssm.meta.endpoint_url
    yield aws.client("sqs").meta.endpoint_url


def of_account() -> str:
    """Name the account whose credentials are in use, for a message; nothing where AWS is silent."""
    quick = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
    try:
        # Everybody may ask this, whatever their policy says.
        return f" of account {aws.client('sts', quick).get_caller_identity()['Account']}"
    except (BotoCoreError, ClientError, KeyError, SettingsError):
        return ""
