"""What a major of PostgreSQL has taken away or given another form: one line each, 14 to 18."""

from typing import NamedTuple


class Function(NamedTuple):
    """A function that is gone since a major, by its types; with `replaced` calls of it still work.

    `extension` names whose it is; without it is PostgreSQL's own.
    """

    since: int
    extension: str
    name: str
    types: str
    replaced: bool = False


class Column(NamedTuple):
    """A column of a system's or an extension's relation that is gone since a major."""

    since: int
    relation: str
    column: str


FUNCTIONS = (
    Function(14, "", "array_append", "anyarray, anyelement", replaced=True),
    Function(14, "", "array_cat", "anyarray, anyarray", replaced=True),
    Function(14, "", "array_position", "anyarray, anyelement", replaced=True),
    Function(14, "", "array_position", "anyarray, anyelement, integer", replaced=True),
    Function(14, "", "array_positions", "anyarray, anyelement", replaced=True),
    Function(14, "", "array_prepend", "anyelement, anyarray", replaced=True),
    Function(14, "", "array_remove", "anyarray, anyelement", replaced=True),
    Function(14, "", "array_replace", "anyarray, anyelement, anyelement", replaced=True),
    Function(14, "", "width_bucket", "anyelement, anyarray", replaced=True),
    Function(15, "", "close_lb", "line, box"),
    Function(15, "", "close_sl", "lseg, line"),
    Function(15, "", "dist_bl", "box, line"),
    Function(15, "", "dist_lb", "line, box"),
    Function(15, "", "path_center", "path"),
    Function(15, "", "point", "path"),
    Function(15, "", "pg_backup_start_time", ""),
    Function(15, "", "pg_is_in_backup", ""),
    Function(15, "", "pg_start_backup", "text, boolean, boolean"),
    Function(15, "", "pg_stop_backup", ""),
    Function(15, "", "pg_stop_backup", "boolean, boolean"),
    Function(16, "pg_walinspect", "pg_get_wal_records_info_till_end_of_wal", "pg_lsn"),
    Function(16, "pg_walinspect", "pg_get_wal_stats_till_end_of_wal", "pg_lsn, boolean"),
    Function(17, "", "interval_accum", "interval[], interval"),
    Function(17, "", "interval_accum_inv", "interval[], interval"),
    Function(17, "", "interval_avg", "interval[]"),
    Function(17, "", "interval_combine", "interval[], interval[]"),
    Function(17, "", "interval_sum", "interval[]"),
    Function(17, "", "pg_read_file_old", "text, bigint, bigint"),
    Function(17, "", "pg_rotate_logfile_old", ""),
    Function(17, "", "pg_stat_get_bgwriter_buf_written_checkpoints", ""),
    Function(17, "", "pg_stat_get_bgwriter_requested_checkpoints", ""),
    Function(17, "", "pg_stat_get_bgwriter_timed_checkpoints", ""),
    Function(17, "", "pg_stat_get_buf_fsync_backend", ""),
    Function(17, "", "pg_stat_get_buf_written_backend", ""),
    Function(17, "", "pg_stat_get_checkpoint_sync_time", ""),
    Function(17, "", "pg_stat_get_checkpoint_write_time", ""),
    Function(
        17, "", "pg_create_logical_replication_slot", "name, name, boolean, boolean", replaced=True
    ),
    Function(17, "", "pg_logical_emit_message", "boolean, text, bytea", replaced=True),
    Function(17, "", "pg_logical_emit_message", "boolean, text, text", replaced=True),
    Function(
        17, "pg_stat_statements", "pg_stat_statements_reset", "oid, oid, bigint", replaced=True
    ),
    Function(18, "", "json_strip_nulls", "json", replaced=True),
    Function(18, "", "jsonb_strip_nulls", "jsonb", replaced=True),
    Function(18, "", "pg_stat_have_stats", "text, oid, oid", replaced=True),
    Function(18, "", "pg_timezone_abbrevs", ""),
    Function(18, "postgres_fdw", "postgres_fdw_get_connections", "", replaced=True),
)

COLUMNS = (
    Column(15, "pg_database", "datlastsysoid"),
    *(
        Column(17, "pg_stat_bgwriter", name)
        for name in (
            "buffers_backend",
            "buffers_backend_fsync",
            "buffers_checkpoint",
            "checkpoint_sync_time",
            "checkpoint_write_time",
            "checkpoints_req",
            "checkpoints_timed",
        )
    ),
    Column(17, "pg_stat_progress_vacuum", "max_dead_tuples"),
    Column(17, "pg_stat_progress_vacuum", "num_dead_tuples"),
    Column(17, "pg_collation", "colliculocale"),
    Column(17, "pg_database", "daticulocale"),
    Column(17, "element_types", "domain_default"),
    Column(17, "pg_stat_statements", "blk_read_time"),
    Column(17, "pg_stat_statements", "blk_write_time"),
    Column(18, "pg_attribute", "attcacheoff"),
    Column(18, "pg_backend_memory_contexts", "parent"),
    Column(18, "pg_stat_io", "op_bytes"),
    *(
        Column(18, "pg_stat_wal", name)
        for name in (
            "wal_sync",
            "wal_sync_time",
            "wal_write",
            "wal_write_time",
        )
    ),
)

EXTENSIONS = {
    "plpythonu": 15,
    "plpython2u": 15,
    "hstore_plpythonu": 15,
    "hstore_plpython2u": 15,
    "jsonb_plpythonu": 15,
    "jsonb_plpython2u": 15,
    "ltree_plpythonu": 15,
    "ltree_plpython2u": 15,
    "adminpack": 17,
    "old_snapshot": 17,
}

SETTINGS = {
    "operator_precedence_warning": 14,
    "force_parallel_mode": 16,
    "trace_recovery_messages": 17,
}
"""Those that a function can have of its own."""

RESERVED = {"system_user": 16}
"""Words that cannot be any name without quotes."""

OF_EXPRESSIONS = {
    **dict.fromkeys(("json_array", "json_arrayagg", "json_object", "json_objectagg"), 16),
    **dict.fromkeys(
        ("json_exists", "json_query", "json_scalar", "json_serialize", "json_table"), 17
    ),
    **dict.fromkeys(("json", "json_value", "merge_action"), 17),
}
"""Words that cannot be the name of a function, a parameter or a type without quotes."""
