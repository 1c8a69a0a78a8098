"""Snapper: scheduled PostgreSQL backups on AWS."""

from infra import entry
from infra.service import BackupService
from infra.settings import StackSettings

entry.run(lambda: BackupService("snapper", StackSettings.load()).facts)
