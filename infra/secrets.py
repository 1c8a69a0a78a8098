"""The two secrets as parameters: encrypted, and no plain copy anywhere.

The connections are packed, for the engine's work grows with every resource; see
`snapper/values/layout.py`. A dumper decrypts one piece, that of what it dumps. Counts and types are
a table of their own, and what options a database has is no secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.credentials import may_sign_in
from infra.iam import Statement, may_list_parameters, may_read_parameters, may_use_key
from infra.scope import Scope
from snapper.values.generation import heads_path, tables_path
from snapper.values.layout import Parameter, lay_out
from snapper.values.place import Place
from snapper.values.secrets import Database
from snapper.values.settings import (
    CONNECTIONS,
    RETENTIONS,
    added_root,
    databases_path,
    options_path,
)

AWS_KEY = "alias/aws/ssm"
"""Said, not left out: the provider takes silence for "as before", also after a key of one's own."""


@dataclass(frozen=True)
class SecretParametersArgs:
    """Whose secrets, where, which, and by whose key they are encrypted (AWS's own if none)."""

    scope: Scope
    place: pulumi.Output[Place]
    databases: tuple[Database, ...]
    kms_key_arn: pulumi.Output[str] | None


class SecretParameters(pulumi.ComponentResource):
    """What is known of every database, encrypted in SSM Parameter Store."""

    def __init__(
        self, name: str, args: SecretParametersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:SecretParameters", name, None, opts)
        root = args.scope.parameter_root
        layout = lay_out(root, args.databases)
        texts = [self._parameter(name, each, args) for each in layout.texts]
        for each in layout.table:
            # It says where connections and options are: they must be there by then.
            self._parameter(name, each, args, after=texts)
        self._key, self._place, self._databases = args.kms_key_arn, args.place, args.databases
        # From the place, not from a parameter: the rights do not change with the databases.
        arn = args.place.apply(lambda place: place.arn("ssm", f"parameter{root}"))
        # Older releases kept each count by itself, and their code still runs during an update.
        self._listed = arn.apply(
            lambda root: (
                databases_path(root),
                f"{root}/{RETENTIONS}",
                heads_path(added_root(root)),
                f"{tables_path(added_root(root))}/*",
            )
        )
        self._options_listed = arn.apply(
            lambda root: (options_path(root), options_path(added_root(root)))
        )
        self._read = arn.apply(
            lambda root: (
                f"{root}/{CONNECTIONS}",
                options_path(root),
                f"{root}/{RETENTIONS}",
                f"{added_root(root)}/{CONNECTIONS}",
                options_path(added_root(root)),
            )
        )
        self.register_outputs({})

    def may_list(self) -> pulumi.Output[list[Statement]]:
        """See which databases there are, their counts and types: no connection, ever."""
        return decrypting(
            self._listed.apply(lambda paths: [may_list_parameters(*paths)]), self._key
        )

    def may_list_options(self) -> pulumi.Output[list[Statement]]:
        """See the options of all databases."""
        return self._options_listed.apply(lambda paths: [may_list_parameters(*paths)])

    def may_read(self) -> pulumi.Output[list[Statement]]:
        """Read, and decrypt, the table and the connections one by one."""
        paths = pulumi.Output.all(self._listed, self._read)
        return decrypting(
            paths.apply(
                lambda found: [may_list_parameters(*found[0]), may_read_parameters(*found[1])]
            ),
            self._key,
        )

    def may_sign_in(self) -> pulumi.Output[list[Statement]]:
        """Come into the databases by what AWS gives for it, where their options say so."""
        return self._place.apply(lambda place: may_sign_in(place, self._databases))

    def _parameter(
        self,
        name: str,
        given: Parameter,
        args: SecretParametersArgs,
        after: Sequence[pulumi.Resource] = (),
    ) -> aws.ssm.Parameter:
        whole = f"{name}-{given.name}"
        if given.secret:
            return secret_parameter(
                whole, given.path, given.value, args.scope, args.kms_key_arn, self, after
            )
        return aws.ssm.Parameter(
            whole,
            name=given.path,
            type="String",
            tier="Standard",
            value=given.value,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(
                parent=self, delete_before_replace=True, depends_on=list(after)
            ),
        )


def decrypting(
    rights: pulumi.Output[list[Statement]], key: pulumi.Output[str] | None
) -> pulumi.Output[list[Statement]]:
    """Add to rights on parameters that on the key by which they are encrypted, if there is one."""
    if key is None:
        return rights
    return pulumi.Output.all(rights, key).apply(
        lambda known: [*known[0], may_use_key(known[1], "ssm", "kms:Decrypt")]
    )


def secret_parameter(
    name: str,
    path: str,
    value: str,
    scope: Scope,
    own_key: pulumi.Output[str] | None,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> aws.ssm.Parameter:
    """Make a SecureString, encrypted by the customer's key if there is one."""
    return aws.ssm.Parameter(
        name,
        name=path,
        type="SecureString",
        tier="Standard",
        # A Pulumi secret from here on, so that the state holds it encrypted.
        value=pulumi.Output.secret(value),
        key_id=AWS_KEY if own_key is None else own_key,
        tags=scope.tags,
        opts=pulumi.ResourceOptions(
            parent=parent,
            delete_before_replace=True,
            # The provider names the key when it makes a parameter, and not again with a new
            # value, which SSM would then encrypt by AWS's own.
            replace_on_changes=None if own_key is None else ["value"],
            depends_on=list(after),
        ),
    )
