"""KMS: keys, and names for them."""

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
    if inputs.get("enableKeyRotation"):
        kms.enable_key_rotation(KeyId=made["KeyId"])
    destroy = partial(kms.schedule_key_deletion, KeyId=made["KeyId"], PendingWindowInDays=days)
    return Created(made["KeyId"], destroy, {"arn": made["Arn"], "keyId": made["KeyId"]})


def alias(request: Request) -> Created:
    """Give a key a name."""
    kms, inputs, name = request.cloud.client("kms"), request.inputs, request.physical_name()
    kms.create_alias(AliasName=name, TargetKeyId=inputs["targetKeyId"])
    arn = f"arn:aws:kms:{request.cloud.region}:{request.cloud.account}:{name}"
    return Created(name, partial(kms.delete_alias, AliasName=name), {"arn": arn})


HANDLERS: dict[str, Handler] = {"aws:kms/alias:Alias": alias, "aws:kms/key:Key": key}
