"""The whole service: which rooms there are, and what each knows of the others."""

from collections.abc import Mapping
from datetime import timedelta

import pulumi

from infra.alarms import Alarms, AlarmsArgs
from infra.chain import Chain, ChainArgs
from infra.dispatcher import Dispatcher, DispatcherArgs
from infra.dumper import Dumper, DumperArgs
from infra.function import Runtime
from infra.layers import Layers, LayersArgs
from infra.own_key import key_of
from infra.proven_recipients import warn_of_unproven
from infra.prover import MEMORY, Prover, ProverArgs
from infra.pruner import Pruner, PrunerArgs
from infra.queue import DumpQueue, DumpQueueArgs
from infra.ready import containers_of, packages_of
from infra.replication import replicated
from infra.restorer import Restorer, RestorerArgs
from infra.secrets import SecretParameters, SecretParametersArgs
from infra.settings import StackSettings
from infra.signpost import Signpost, SignpostArgs, decided
from infra.vault import Vault, VaultArgs, remains
from infra.watcher import Watcher, WatcherArgs
from snapper.values.place import Place


class BackupService(pulumi.ComponentResource):
    """Scheduled backups of every database of one stage."""

    facts: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, settings: StackSettings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:BackupService", name, None, opts)
        packages, travelling = packages_of(settings)
        scope, child = settings.scope, pulumi.ResourceOptions(parent=self)
        timeout = timedelta(seconds=settings.dumper_timeout)
        queue = DumpQueue(
            f"{name}-queue", DumpQueueArgs(scope, timeout, containers_of(settings)), child
        )
        place = queue.arn.apply(Place.of)
        key = key_of(f"{name}-key", settings, place, child)
        vault = Vault(
            f"{name}-vault",
            VaultArgs(
                scope,
                settings.bucket,
                key,
                settings.noncurrent_days,
                settings.delete_backups_on_destroy,
                settings.object_lock,
                seals=bool(settings.recipient_sets),
            ),
            child,
        )
        secrets = SecretParameters(
            f"{name}-secrets",
            SecretParametersArgs(scope, place, travelling.databases, key),
            child,
        )
        layers = Layers(
            f"{name}-layers",
            LayersArgs(
                scope,
                settings.architecture,
                packages.dependencies,
                packages.postgresql,
                packages.server,
            ),
            child,
        )
        runtime = Runtime(
            scope,
            settings.architecture,
            packages.functions,
            settings.log_retention_days,
            settings.permissions_boundary,
        )
        chain = None
        if settings.tamper_evident:
            given = (vault, key, settings.delete_backups_on_destroy)
            chain = Chain(f"{name}-chain", ChainArgs(scope, place, *given), child)
        pruner = Pruner(
            f"{name}-pruner",
            PrunerArgs(runtime, layers, secrets, queue, vault, settings.time_zone, chain),
            child,
        )
        dumper = Dumper(
            f"{name}-dumper",
            DumperArgs(
                runtime=runtime,
                memory=settings.dumper_memory,
                timeout=timeout,
                max_concurrency=settings.max_concurrency,
                dump_jobs=settings.dump_jobs,
                max_per_server=settings.max_per_server,
                subnet_ids=settings.subnet_ids,
                security_group_ids=settings.security_group_ids,
                layers=layers,
                secrets=secrets,
                queue=queue,
                vault=vault,
                sealed_for=settings.sealed_for,
                large=packages if settings.large_databases else None,
                chain=chain,
                pruner=pruner.function_name,
            ),
            child,
        )
        prover = Prover(
            f"{name}-prover",
            ProverArgs(
                runtime=runtime,
                drill=settings.drill,
                within_days=settings.said_within_days,
                disk_gb=settings.drill_disk_gb,
                layers=layers,
                secrets=secrets,
                queue=queue,
                vault=vault,
                subnet_ids=settings.subnet_ids,
                security_group_ids=settings.security_group_ids,
                large=packages if settings.large_databases else None,
                identity=settings.drill_identity,
                kms_key_arn=key,
            ),
            child,
        )
        restorer = None
        if settings.targets:
            restorer = Restorer(
                f"{name}-restorer",
                RestorerArgs(
                    runtime=runtime,
                    packages=packages,
                    targets=settings.targets,
                    ca_bundle=travelling.of_targets,
                    kms_key_arn=key,
                    queue=queue,
                    vault=vault,
                    subnet_ids=settings.subnet_ids,
                    security_group_ids=settings.security_group_ids,
                ),
                child,
            )
        replication = replicated(f"{name}-replication", settings, vault, key, place, child)
        dispatcher = Dispatcher(
            f"{name}-dispatcher",
            DispatcherArgs(
                runtime, settings.schedule, settings.own_schedules, layers, secrets, queue
            ),
            child,
        )
        warn_of_unproven(settings, self)
        if settings.is_foreign:
            pulumi.log.warn(
                f"{settings.bucket} was not made by a stage {settings.stage}: what lies there in "
                "the folders of this stage's databases is taken for its backups, and the oldest "
                "beyond their counts are deleted",
                self,
            )
        alarms = Alarms(
            f"{name}-alarms",
            AlarmsArgs(
                scope=scope,
                email=settings.alarm_email,
                watches_lateness=settings.watches_lateness,
                dead_letters=queue.dead_letter_name,
                dispatcher=dispatcher.function_name,
                watches_proofs=settings.watches_proofs,
                watches_replica=settings.replica is not None,
            ),
            child,
        )
        watcher = Watcher(
            f"{name}-watcher",
            WatcherArgs(
                runtime=runtime,
                schedule=settings.schedule,
                late_after_hours=settings.late_after_hours,
                layers=layers,
                secrets=secrets,
                vault=vault,
                topic=alarms.topic_arn,
                replication=replication,
                kms_key_arn=key,
            ),
            child,
        )
        self.facts = {
            "bucket": vault.bucket_name,
            "queue_url": queue.url,
            "dead_letter_url": queue.dead_letter_url,
            "dispatcher": dispatcher.function_name,
            "dumper": dumper.function_name,
            "pruner": pruner.function_name,
            "prover": prover.function_name,
            "watcher": watcher.function_name,
            "schedule": pulumi.Output.from_input(settings.schedule),
            "topic": alarms.topic_arn,
            "region": place.apply(lambda place: place.region),
        }
        Signpost(
            f"{name}-signpost",
            SignpostArgs(
                scope,
                {
                    **self.facts,
                    **decided(settings),
                    **(replication.facts if replication else {}),
                    "kms_key_arn": "" if key is None else key,
                    "container_log_group": dumper.container_log_group,
                    "drill_container_log_group": prover.container_log_group,
                    "restore_queue": restorer.queue_arn if restorer else "",
                    "restore_definition": restorer.definition_arn if restorer else "",
                    "restore_log_group": restorer.log_group if restorer else "",
                    "prover_memory": str(MEMORY),
                    "alarms": str(alarms.metrics),
                    "signing_key": chain.key_arn if chain else "",
                },
            ),
            child,
        )
        if settings.object_lock:
            # Destroying runs no program that could say it.
            self.facts = {**self.facts, "remains": remains(vault.bucket_name, settings.object_lock)}
        if replication:
            self.facts = {**self.facts, "replica": replication.bucket_name}
        self.register_outputs(dict(self.facts))
