"""Row-Level Security for a table, said in a migration."""

from __future__ import annotations

from alembic import op

# In a sub-select the setting is read once per statement and not once per row.
_ACCOUNT = "account_id = (SELECT nullif(current_setting('app.account_id', true), '')::uuid)"
_SYSTEM = "(SELECT current_setting('app.scope', true)) = 'system'"


def protect(schema: str, table: str, *, system: bool = False) -> None:
    """Let a transaction see and write only rows of its own account, even the owner's.

    `system` also admits `Database.system_transaction()`: for tables that are read before the account is known.
    """
    rule = f"({_ACCOUNT}) OR {_SYSTEM}" if system else _ACCOUNT
    op.execute(f"ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY account ON {schema}.{table} USING ({rule}) WITH CHECK ({rule})")


def only_system(schema: str, table: str) -> None:
    """Close a table that belongs to no account yet (open registrations) to all but `Database.system_transaction()`."""
    op.execute(f"ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY system ON {schema}.{table} USING ({_SYSTEM}) WITH CHECK ({_SYSTEM})")
