"""What makes backups tamper-evident: a key that signs manifests, which nobody ever sees.

With a bucket that is kept its key is kept, for what it has signed can be checked only while its
public key is known. A stage that signs again later has a new one: see docs/adr/0014.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.chain_rights import DAYS, key_policy, may_bury, may_link
from infra.iam import Statement, may_use_key
from infra.queue import LARGE
from infra.scope import Scope
from infra.vault import Vault
from snapper.values.place import Place
from snapper.values.settings import chain_keys_path, chain_path

SIGNERS = ("dumper", LARGE, "pruner")
"""The parts whose roles may sign."""


@dataclass(frozen=True)
class ChainArgs:
    """Whose chain, where, of which vault; its key of encryption, and whether all ends with it."""

    scope: Scope
    place: pulumi.Output[Place]
    vault: Vault
    kms_key_arn: pulumi.Output[str] | None
    delete_backups_on_destroy: bool


class Chain(pulumi.ComponentResource):
    """The key, and the parameter that says that its signatures count."""

    key_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: ChainArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Chain", name, None, opts)
        self._args, scope = args, args.scope
        kept = pulumi.ResourceOptions(
            parent=self, retain_on_delete=not args.delete_backups_on_destroy
        )
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Snapper, stage {scope.stage}: signs the manifests of backups",
            key_usage="SIGN_VERIFY",
            customer_master_key_spec="ECC_NIST_P256",
            deletion_window_in_days=DAYS,
            policy=args.place.apply(lambda place: key_policy(place, _roles(place, scope))),
            tags=scope.tags,
            opts=kept,
        )
        # Who dumps may not write it: a thief of that role could have keys of its own count.
        root = scope.parameter_root
        aws.ssm.Parameter(
            f"{name}-trusted",
            name=key.key_id.apply(lambda key_id: f"{chain_keys_path(root)}/{key_id}"),
            type="String",
            tier="Standard",
            value=key.arn,
            tags=scope.tags,
            opts=kept,
        )
        self.key_arn = key.arn
        self.register_outputs({"key_arn": self.key_arn})

    def may_link(self) -> pulumi.Output[list[Statement]]:
        """Sign manifests that name those before them."""
        root = self._args.scope.parameter_root
        known = pulumi.Output.all(self._args.vault.arn, self.key_arn, self._parameters())
        return known.apply(
            lambda known: may_link(
                known[0],
                known[1],
                f"{known[2]}{chain_path(root)}",
                f"{known[2]}{chain_keys_path(root)}",
            )
        )

    def may_bury(self) -> pulumi.Output[list[Statement]]:
        """Leave signed tombstones; that takes the customer's key of encryption, if there is one."""
        root, own = self._args.scope.parameter_root, self._args.kms_key_arn
        both = ("kms:Decrypt", "kms:GenerateDataKey")
        known = pulumi.Output.all(
            self._args.vault.arn, self.key_arn, self._parameters(), "" if own is None else own
        )
        return known.apply(
            lambda known: [
                *may_bury(known[0], known[1], f"{known[2]}{chain_keys_path(root)}"),
                *([may_use_key(known[3], "s3", *both)] if known[3] else []),
            ]
        )

    def _parameters(self) -> pulumi.Output[str]:
        return self._args.place.apply(lambda place: Place(*place).arn("ssm", "parameter"))


def _roles(place: Place, scope: Scope) -> list[str]:
    beginning = f"arn:{place.partition}:iam::{place.account}:role/"
    return [f"{beginning}{scope.name(part)}" for part in SIGNERS]
