"""`python -m svc_kit.migrations`: migrate the database of DB_HOST… as DB_USER; role passwords from <SCHEMA>_DB_PASSWORD."""

from __future__ import annotations

import asyncio
import os
import sys

from svc_kit.migrations.runner import SERVICES, migrate
from svc_kit.settings import DatabaseSettings


def main() -> None:
    """Read the environment and migrate."""
    owner = DatabaseSettings.load()
    names = {schema: f"{schema.upper()}_DB_PASSWORD" for schema in SERVICES}
    missing = [name for name in names.values() if not os.environ.get(name)]
    if missing:
        sys.exit(f"{', '.join(missing)}: set the passwords of the services' database roles")
    asyncio.run(migrate(owner, {schema: os.environ[name] for schema, name in names.items()}))


if __name__ == "__main__":
    main()
