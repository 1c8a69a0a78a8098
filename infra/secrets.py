"""The two secrets as parameters: an encrypted pair for each database, and no plain copy anywhere.

One pair each, because a parameter holds 4 KB and a dumper shall decrypt only what it dumps.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Place, Statement, may_list_parameters, may_read_parameters, may_use_key
from infra.scope import Scope
from snapper.values.secrets import Database
from snapper.values.settings import (
    CONNECTIONS,
    RETENTIONS,
    connection_parameter,
    retention_parameter,
)

AWS_KEY = "alias/aws/ssm"
"""Said, not left out: the provider takes silence for "as before", also after a key of one's own."""


@dataclass(frozen=True)
class SecretParametersArgs:
    """Whose secrets, where, which, and by whose key they are encrypted (AWS's own if none)."""

    scope: Scope
    place: pulumi.Output[Place]
    databases: tuple[Database, ...]
    kms_key_arn: str


class SecretParameters(pulumi.ComponentResource):
    """Connection and retention of every database, encrypted in SSM Parameter Store."""

    def __init__(
        self, name: str, args: SecretParametersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:SecretParameters", name, None, opts)
        root = args.scope.parameter_root
        for database in args.databases:
            self._parameter(
                f"{name}-{database.key}-connection",
                connection_parameter(root, database.key),
                database.connection,
                args,
            )
            self._parameter(
                f"{name}-{database.key}-retention",
                retention_parameter(root, database.key),
                str(database.retention),
                args,
            )
        self._key = args.kms_key_arn
        # From the place, not from a parameter: the rights do not change with the databases.
        self._root_arn = args.place.apply(lambda place: place.arn("ssm", f"parameter{root}"))
        self.register_outputs({})

    def may_list(self) -> pulumi.Output[list[Statement]]:
        """See which databases there are by the names of their retentions: no connection, ever."""
        return self._root_arn.apply(lambda root: [may_list_parameters(f"{root}/{RETENTIONS}")])

    def may_read(self) -> pulumi.Output[list[Statement]]:
        """Read, and decrypt, connections and retentions."""
        key = [may_use_key(self._key, "ssm", "kms:Decrypt")] if self._key else []
        return self._root_arn.apply(
            lambda root: [
                may_read_parameters(f"{root}/{CONNECTIONS}", f"{root}/{RETENTIONS}"),
                *key,
            ]
        )

    def _parameter(self, logical: str, path: str, value: str, args: SecretParametersArgs) -> None:
        aws.ssm.Parameter(
            logical,
            name=path,
            type="SecureString",
            tier="Standard",
            # A Pulumi secret from here on, so that the state holds it encrypted.
            value=pulumi.Output.secret(value),
            key_id=args.kms_key_arn or AWS_KEY,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,
                # The provider names the key when it makes a parameter, and not again with a new
                # value, which SSM would then encrypt by AWS's own.
                replace_on_changes=["value"] if args.kms_key_arn else None,
            ),
        )
