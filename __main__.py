"""Snapper: scheduled PostgreSQL backups on AWS."""

import pulumi

from infra.service import BackupService
from infra.settings import StackSettings

service = BackupService("snapper", StackSettings.load())

for name, value in service.facts.items():
    pulumi.export(name, value)
