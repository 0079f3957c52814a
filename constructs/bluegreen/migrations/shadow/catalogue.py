"""What a schema is, as PostgreSQL's catalogue tells it: a flat dictionary, so that two of them can be compared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .server import Server

Catalogue = Mapping[str, str]
"""What an object is, by its kind and name: `column: public.orders.note` is `text`."""

# pg_get_*def and casts to text leave out the schemas of the search path, so it is empty.
_SNAPSHOT = r"""
SET search_path = '';
SET session_replication_role = replica;  -- nothing of this is for the event triggers
CREATE FUNCTION pg_temp.ours(name) RETURNS boolean IMMUTABLE LANGUAGE sql AS
  $$ SELECT left($1, 3) <> 'pg_' AND $1 NOT IN ('information_schema', 'bluegreen', 'bluegreen_shadow') $$;
CREATE TEMP VIEW relation AS
  SELECT c.*, format('%s.%s', n.nspname, c.relname) AS full_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE pg_temp.ours(n.nspname) AND c.relname <> :'version_table' AND c.relname <> :'version_table' || '_pkc';
SELECT coalesce(json_object_agg(name, definition), '{}') FROM (
  SELECT format('schema: %s', nspname) AS name, coalesce(nspacl::text, '') AS definition
    FROM pg_namespace WHERE pg_temp.ours(nspname)
  UNION ALL
  SELECT format('%s: %s', CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
           WHEN 'c' THEN 'composite type' WHEN 'f' THEN 'foreign table' ELSE 'table' END, full_name),
         concat_ws(' ', CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END,
           CASE WHEN relrowsecurity THEN 'row security' END, array_to_string(reloptions, ' '))
    FROM pg_temp.relation WHERE relkind NOT IN ('i', 'I', 't')
  UNION ALL
  SELECT format('grants on: %s', full_name), relacl::text
    FROM pg_temp.relation WHERE relkind NOT IN ('i', 'I', 't') AND relacl IS NOT NULL
  UNION ALL
  SELECT format('column: %s.%s', full_name, attname),
         concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
           CASE WHEN attidentity <> '' THEN 'IDENTITY ' || attidentity::text END,
           CASE WHEN attgenerated <> '' THEN 'GENERATED' WHEN d.adbin IS NOT NULL THEN 'DEFAULT' END,
           pg_get_expr(d.adbin, d.adrelid), 'COLLATE ' || nullif(attcollation, t.typcollation)::regcollation::text)
    FROM pg_temp.relation r JOIN pg_attribute a ON a.attrelid = r.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE relkind IN ('r', 'p', 'f', 'c')
  UNION ALL
  SELECT format('%s: %s.%s', CASE contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
           WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion' ELSE 'constraint' END, full_name, conname),
         pg_get_constraintdef(o.oid)
    FROM pg_constraint o JOIN pg_temp.relation r ON r.oid = o.conrelid
   WHERE contype <> 'n'  -- since 18 NOT NULL is one, too; the column tells of it
  UNION ALL
  SELECT format('index: %s', full_name), concat_ws(' ', pg_get_indexdef(i.indexrelid),
         CASE WHEN NOT indisvalid THEN 'INVALID' END)
    FROM pg_index i JOIN pg_temp.relation r ON r.oid = i.indexrelid
  UNION ALL
  SELECT format('sequence values of: %s.%s', schemaname, sequencename),
         format('%s from %s by %s to %s', data_type, min_value, increment_by, max_value)
    FROM pg_sequences WHERE pg_temp.ours(schemaname)
  UNION ALL
  SELECT format('trigger: %s.%s', full_name, tgname), pg_get_triggerdef(t.oid) || ' ' || tgenabled::text
    FROM pg_trigger t JOIN pg_temp.relation r ON r.oid = t.tgrelid WHERE NOT tgisinternal
  UNION ALL
  SELECT format('rule: %s.%s', full_name, rulename), pg_get_ruledef(w.oid)
    FROM pg_rewrite w JOIN pg_temp.relation r ON r.oid = w.ev_class WHERE rulename <> '_RETURN'
  UNION ALL
  SELECT format('policy: %s.%s', full_name, polname), concat_ws(' ', polcmd::text, polpermissive,
         pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy p JOIN pg_temp.relation r ON r.oid = p.polrelid
  UNION ALL
  SELECT format('enum: %s.%s', nspname, typname), string_agg(enumlabel, ', ' ORDER BY enumsortorder)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid
   GROUP BY nspname, typname
  UNION ALL
  SELECT format('domain: %s.%s', nspname, typname), concat_ws(' ', format_type(typbasetype, typtypmod),
         CASE WHEN typnotnull THEN 'NOT NULL' END, typdefault,
         (SELECT string_agg(pg_get_constraintdef(o.oid), ' ' ORDER BY conname)
            FROM pg_constraint o WHERE contypid = t.oid AND contype <> 'n'))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE typtype = 'd' AND pg_temp.ours(nspname)
  UNION ALL
  SELECT format('function: %s', p.oid::regprocedure),
         CASE WHEN prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE pg_temp.ours(nspname) AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT format('extension: %s', extname), extversion FROM pg_extension WHERE extname <> 'plpgsql'
) AS everything(name, definition);
"""


class How(StrEnum):
    """How one object differs between two catalogues."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Change:
    """One object that differs.

    Args:
        how: Whether only the second catalogue has it, only the first, or both, differently.
        kind: What it is: table, column, check, trigger ...
        name: Its full name.
        before: What it was; empty when it was not there.
        after: What it is; empty when it is gone.
    """

    how: How
    kind: str
    name: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        if self.how is How.CHANGED:
            return f"{self.kind} {self.name} changed from {self.before} to {self.after}"
        return f"{self.kind} {self.name} {self.how}"


def snapshot(server: Server, version_table: str) -> dict[str, str]:
    """Read the schema of the shadow database.

    Args:
        server: Where it is.
        version_table: Alembic's own table, which is left out.

    Returns:
        Every object of the user's schemas, without what the bluegreen runner keeps for itself.

    Raises:
        ShadowError: If the database refuses.
    """
    read = server.sql(f"\\set version_table {version_table}\n{_SNAPSHOT}")
    return dict(json.loads(read))


def difference(before: Catalogue, after: Catalogue) -> tuple[Change, ...]:
    """Return what differs, by name.

    Example:
        >>> for change in difference({"column: public.t.a": "text"}, {"column: public.t.b": "text"}):
        ...     print(change)
        column public.t.a removed
        column public.t.b added
    """
    changes = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        kind, _, name = key.partition(": ")
        how = How.ADDED if old is None else How.REMOVED if new is None else How.CHANGED
        changes.append(Change(how, kind, name, old or "", new or ""))
    return tuple(changes)
