"""KMS: keys."""

from functools import partial

from local.deployment.resources.request import Created, Handler, Request


def key(request: Request) -> Created:
    """Make a key; it ends after the days that the program says, of which the emulator knows."""
    kms, inputs = request.cloud.client("kms"), request.inputs
    days = inputs.get("deletionWindowInDays", 30)
    made = kms.create_key(
        Tags=inputs.tags("TagKey", "TagValue"),
        **inputs.take(
            Description="description",
            KeyUsage="keyUsage",
            KeySpec="customerMasterKeySpec",
            Policy="policy",
        ),
    )["KeyMetadata"]
    destroy = partial(kms.schedule_key_deletion, KeyId=made["KeyId"], PendingWindowInDays=days)
    return Created(made["KeyId"], destroy, {"arn": made["Arn"], "keyId": made["KeyId"]})


HANDLERS: dict[str, Handler] = {"aws:kms/key:Key": key}
