"""What the functions find under /opt: locked dependencies, and PostgreSQL's clients and server."""

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.function import RUNTIME
from infra.scope import Scope


@dataclass(frozen=True)
class LayersArgs:
    """Whose layers, for which processor, and the zips they are made of."""

    scope: Scope
    architecture: str
    dependencies: Path
    postgresql: Path
    server: Path


class Layers(pulumi.ComponentResource):
    """Three layers, apart because they change apart: an update sends only what differs."""

    dependencies: pulumi.Output[str]
    postgresql: pulumi.Output[str]
    server: pulumi.Output[str]

    def __init__(
        self, name: str, args: LayersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Layers", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        layers = {
            part: aws.lambda_.LayerVersion(
                f"{name}-{part}",
                layer_name=args.scope.name(part),
                code=pulumi.FileArchive(str(archive)),
                compatible_architectures=[args.architecture],
                compatible_runtimes=[RUNTIME],
                opts=child,
            )
            for part, archive in (
                ("dependencies", args.dependencies),
                ("postgresql", args.postgresql),
                ("postgresql-server", args.server),
            )
        }
        self.dependencies = layers["dependencies"].arn
        self.postgresql = layers["postgresql"].arn
        self.server = layers["postgresql-server"].arn
        self.register_outputs({})
