"""PostgreSQL, Valkey, and the migrations that come before everything else."""

import sys

from stack.embedded import postgres, valkey
from stack.embedded.postgres import PostgresInstance
from stack.embedded.valkey import ValkeyInstance
from stack.launcher import tied_command
from stack.plan.child_environment import child_environment
from stack.plan.installation import Installation
from stack.services import SERVICES
from stack.supervisor.part import Part
from stack.supervisor.readiness import blocking_check, postgres_answers, redis_answers

# A crash may leave much to replay before the first query is answered.
RECOVERY_SECONDS = 300.0


def postgres_part(plan: Installation) -> Part:
    """Return the embedded server, or the watch on the operator's."""
    database = plan.database
    check = postgres_answers(database.host, database.port, database.user, database.password)
    address = f"{database.host}:{database.port}"
    if plan.settings.external_database:
        return Part("postgres", None, check, address=address, named_by="DB_HOST", start_seconds=30)
    instance = PostgresInstance(plan.directory.postgres, database.port, database.password)
    return Part(
        "postgres",
        instance.command,
        check,
        environment=child_environment(plan.environment),
        prepare=instance.prepare,
        address=address,
        stop_signal=postgres.STOP_SIGNAL,
        stop_seconds=2.5,
        start_seconds=RECOVERY_SECONDS,
    )


def valkey_part(plan: Installation) -> Part:
    """Return the embedded server, or the watch on the operator's."""
    # Without what may be a password.
    address = plan.redis_url.rpartition("@")[2].rpartition("//")[2]
    if plan.settings.redis_url.get_secret_value():
        return Part(
            "valkey", None, redis_answers(plan.redis_url), address=address, named_by="REDIS_URL", start_seconds=30
        )
    instance = ValkeyInstance(plan.directory.valkey, plan.addresses.valkey, plan.credentials.valkey)
    return Part(
        "valkey",
        instance.command,
        blocking_check(instance.is_ready),
        environment=child_environment(plan.environment),
        prepare=instance.prepare,
        address=address,
        stop_signal=valkey.STOP_SIGNAL,
        stop_seconds=2.5,
    )


def migrate_part(plan: Installation) -> Part:
    """Return the one-off that brings the database up to date."""
    return Part(
        "migrate",
        lambda: tied_command([sys.executable, "-m", "svc_kit.migrations"]),
        environment=child_environment(plan.environment) | migration_environment(plan),
        needs=("postgres",),
    )


def migration_environment(plan: Installation) -> dict[str, str]:
    """Return the owner's way in, and the passwords that the services' roles get."""
    passwords = {f"{schema.upper()}_DB_PASSWORD": plan.credentials.database_role(schema) for schema in SERVICES}
    return database_environment(plan, plan.database.user, plan.database.password) | passwords


def database_environment(plan: Installation, user: str, password: str) -> dict[str, str]:
    """Return the variables by which a process finds the database."""
    return {
        "DB_HOST": plan.database.host,
        "DB_PORT": str(plan.database.port),
        "DB_NAME": plan.database.name,
        "DB_USER": user,
        "DB_PASSWORD": password,
    }
