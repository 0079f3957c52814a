# ruff: noqa: SIM905 - a list of words is read more easily as words
"""The statements, settings and functions that the gate knows; what is not here is not judged, and so blocks."""

_ALTERED = """
TABLE INDEX SEQUENCE TYPE DOMAIN VIEW MATERIALIZED_VIEW FUNCTION PROCEDURE ROUTINE AGGREGATE POLICY TRIGGER RULE SCHEMA
EXTENSION DEFAULT_PRIVILEGES ROLE USER GROUP DATABASE SYSTEM STATISTICS
""".split()
_DROPPED = """
TABLE FOREIGN_TABLE INDEX SEQUENCE TYPE DOMAIN VIEW MATERIALIZED_VIEW FUNCTION PROCEDURE ROUTINE AGGREGATE OPERATOR CAST
POLICY TRIGGER RULE SCHEMA EXTENSION OWNED ROLE USER GROUP DATABASE PUBLICATION STATISTICS
""".split()
_CREATED = """
TABLE TABLE_AS FOREIGN_TABLE INDEX VIEW MATERIALIZED_VIEW SEQUENCE TYPE DOMAIN FUNCTION PROCEDURE AGGREGATE SCHEMA
EXTENSION STATISTICS COLLATION OPERATOR CAST POLICY
""".split()
_OTHERS = """
UPDATE DELETE INSERT MERGE SELECT SELECT_INTO VALUES TABLE REVOKE REASSIGN REINDEX VACUUM REFRESH SET SET_CONSTRAINTS
COMMENT_ON ANALYZE NOTIFY EMPTY_STMT SEMICOLON
""".split()
_READ_NOWHERE = ("ERROR",)  # squawk's syntax-error tells of it

JUDGED = frozenset(
    {
        *(f"ALTER_{what}" for what in _ALTERED),
        *(f"DROP_{what}" for what in _DROPPED),
        *(f"CREATE_{what}" for what in _CREATED),
        *_OTHERS,
        *_READ_NOWHERE,
    }
)
"""Statements that squawk or a check of our own judges, or that change nothing for another version."""

HARMLESS_SETTINGS = frozenset({"work_mem", "maintenance_work_mem", "max_parallel_maintenance_workers"})
"""What a revision may set: it reaches its own statements only, and no lock."""

SERIAL_TYPES = frozenset({"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"})
"""Types that stand for a default which differs from row to row."""

KNOWN_FUNCTIONS = frozenset(
    """
    setval nextval currval count max min sum avg coalesce greatest least nullif lower upper length trim concat now
    clock_timestamp statement_timestamp transaction_timestamp current_setting current_schema current_database version
    to_regclass to_regtype pg_get_serial_sequence pg_notify pg_sleep pg_typeof exists array_agg string_agg jsonb_agg
    json_agg row_to_json to_jsonb to_char to_date to_timestamp date_trunc generate_series unnest gen_random_uuid random
    md5 round abs floor ceil replace substring split_part format quote_ident quote_literal has_table_privilege
    pg_column_size pg_relation_size pg_total_relation_size
    """.split()
)
"""PostgreSQL's own, which do no more than they say."""
