"""Roles that a provider, or PostgreSQL itself, brings along: they are no roles of a backup.

A dump names them where they own something or have a right. Nobody can make them on another server,
and there need be none: what is theirs is left out of a restore, and reported. One entry a role.

The master role that a provider gives to its customer (`postgres`, `avnadmin`, `doadmin`) is the
customer's own and not among them; nor are roles that policies name, such as Supabase's `anon`.
"""

_RDS = "Amazon RDS"
_NEON = "Neon"
_AZURE = "Azure"
_CLOUD_SQL = "Google Cloud SQL"
_ALLOYDB = "Google AlloyDB"
_SUPABASE = "Supabase"
_DIGITALOCEAN = "DigitalOcean"
_FLY = "Fly.io"
_SCALEWAY = "Scaleway"
_TIMESCALE = "Timescale Cloud"
_YANDEX = "Yandex Cloud"
_PLANETSCALE = "PlanetScale"
_CRUNCHY = "Crunchy Bridge"

PROVIDERS_OWN = {
    "rds_ad": _RDS,
    "rds_extension": _RDS,
    "rds_iam": _RDS,
    "rds_password": _RDS,
    "rds_replication": _RDS,
    "rds_reserved": _RDS,
    "rds_superuser": _RDS,
    "rdsadmin": _RDS,
    "rdsproxyadmin": _RDS,
    "rdsrepladmin": _RDS,
    "rdstopmgr": _RDS,
    "rdswriteforwarduser": _RDS,
    "cloud_admin": _NEON,
    "neon_service": _NEON,
    "neon_superuser": _NEON,
    "zenith_admin": _NEON,
    "azure_pg_admin": _AZURE,
    "azure_superuser": _AZURE,
    "azuresu": _AZURE,
    "cloudsqladmin": _CLOUD_SQL,
    "cloudsqlagent": _CLOUD_SQL,
    "cloudsqlconnpooladmin": _CLOUD_SQL,
    "cloudsqliamgroup": _CLOUD_SQL,
    "cloudsqliamgroupserviceaccount": _CLOUD_SQL,
    "cloudsqliamgroupuser": _CLOUD_SQL,
    "cloudsqliamserviceaccount": _CLOUD_SQL,
    "cloudsqliamuser": _CLOUD_SQL,
    "cloudsqlimportexport": _CLOUD_SQL,
    "cloudsqlinactiveuser": _CLOUD_SQL,
    "cloudsqlobservabilityuser": _CLOUD_SQL,
    "cloudsqlreplica": _CLOUD_SQL,
    "cloudsqlsuperuser": _CLOUD_SQL,
    "alloydbadmin": _ALLOYDB,
    "alloydbagent": _ALLOYDB,
    "alloydbiamgroupuser": _ALLOYDB,
    "alloydbiamuser": _ALLOYDB,
    "alloydbimportexport": _ALLOYDB,
    "alloydbmetadata": _ALLOYDB,
    "alloydbobservability": _ALLOYDB,
    "alloydbreplica": _ALLOYDB,
    "alloydbsqladmin": _ALLOYDB,
    "alloydbsuperuser": _ALLOYDB,
    "dashboard_user": _SUPABASE,
    "pgsodium_keyholder": _SUPABASE,
    "pgsodium_keyiduser": _SUPABASE,
    "pgsodium_keymaker": _SUPABASE,
    "supabase_admin": _SUPABASE,
    "supabase_auth_admin": _SUPABASE,
    "supabase_etl_admin": _SUPABASE,
    "supabase_functions_admin": _SUPABASE,
    "supabase_privileged_role": _SUPABASE,
    "supabase_read_only_user": _SUPABASE,
    "supabase_realtime_admin": _SUPABASE,
    "supabase_replication_admin": _SUPABASE,
    "supabase_storage_admin": _SUPABASE,
    "_doadmin_managed": _DIGITALOCEAN,
    "_doadmin_monitor": _DIGITALOCEAN,
    "_dodb": _DIGITALOCEAN,
    "flypgadmin": _FLY,
    "_rdb_superadmin": _SCALEWAY,
    "tsdbexplorer": _TIMESCALE,
    "tsdbowner": _TIMESCALE,
    "mdb_admin": _YANDEX,
    "mdb_monitor": _YANDEX,
    "mdb_replication": _YANDEX,
    "mdb_superuser": _YANDEX,
    "pscale_admin": _PLANETSCALE,
    "pscale_superuser": _PLANETSCALE,
    "crunchy_superuser": _CRUNCHY,
}

_SYSTEM = "pg_"
"""How the names of PostgreSQL's own roles begin, and of no other."""


def whose(role: str) -> str:
    """Say who brings a role along; nothing of one that is a user's own.

    >>> whose("rdsadmin"), whose("pg_monitor"), whose("anon")
    ('Amazon RDS', 'PostgreSQL', '')
    """
    return "PostgreSQL" if role.startswith(_SYSTEM) else PROVIDERS_OWN.get(role, "")
