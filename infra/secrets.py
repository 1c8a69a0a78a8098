"""The two secrets as parameters: an encrypted pair for each database, and no plain copy anywhere.

One pair each, because a parameter holds 4 KB and a dumper shall decrypt only what it dumps.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Statement, may_list_parameters, may_read_parameters, may_use_key
from infra.scope import Scope
from snapper.values.secrets import Database
from snapper.values.settings import (
    CONNECTIONS,
    RETENTIONS,
    connection_parameter,
    retention_parameter,
)


@dataclass(frozen=True)
class SecretParametersArgs:
    """Whose secrets, which, and by whose key they are encrypted: AWS's own if none is given."""

    scope: Scope
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
            retention = self._parameter(
                f"{name}-{database.key}-retention",
                retention_parameter(root, database.key),
                str(database.retention),
                args,
            )
        self._key = args.kms_key_arn
        # .../parameter/snapper/prod/BACKUP_STORAGE_DATA/orders without its last two steps.
        self._root_arn = retention.arn.apply(lambda arn: arn.rsplit("/", 2)[0])
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

    def _parameter(
        self, logical: str, path: str, value: str, args: SecretParametersArgs
    ) -> aws.ssm.Parameter:
        return aws.ssm.Parameter(
            logical,
            name=path,
            type="SecureString",
            tier="Standard",
            # A Pulumi secret from here on, so that the state holds it encrypted.
            value=pulumi.Output.secret(value),
            key_id=args.kms_key_arn or None,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
