"""The four services."""

import re
import sys

from stack.launcher import tied_command
from stack.plan.child_environment import DEVICE, INFERENCE, child_environment, metrics_of
from stack.plan.installation import Installation
from stack.plan.stores import database_environment
from stack.services import SERVICES, role_of
from stack.settings import model_choice
from stack.supervisor.part import Part
from stack.supervisor.readiness import grpc_serves

# A little more than a service gives its running calls to end.
DRAIN_SECONDS = 5.5
EXTRA_VARIABLES: dict[str, tuple[re.Pattern[str], ...]] = {"inference": (INFERENCE,), "device": (DEVICE,)}


def service_parts(plan: Installation) -> list[Part]:
    """Return the four services, each with its own way into the database."""
    return [_service_part(plan, schema) for schema in SERVICES]


def _service_part(plan: Installation, schema: str) -> Part:
    address = plan.addresses.service(schema)
    return Part(
        SERVICES[schema],
        lambda: tied_command([sys.executable, "-m", SERVICES[schema]]),
        grpc_serves(address, "waits for what it depends on"),
        environment=service_environment(plan, schema),
        needs=("migrate", "valkey"),
        address=address,
        stop_seconds=DRAIN_SECONDS,
    )


def service_environment(plan: Installation, schema: str) -> dict[str, str]:
    """Return everything that one service needs to know."""
    variables = EXTRA_VARIABLES.get(schema, ())
    environment = child_environment(plan.environment, metrics_of(SERVICES[schema]), *variables)
    environment |= database_environment(plan, role_of(schema), plan.credentials.database_role(schema))
    environment |= {f"{SERVICES[other].upper()}_ADDRESS": plan.addresses.service(other) for other in SERVICES}
    environment |= {
        f"{SERVICES[schema].upper()}_LISTEN": plan.addresses.service(schema),
        "REDIS_URL": plan.redis_url,
        "ML_SERVICE_URL": ",".join(plan.worker_addresses),
        "ASSISTANT_INTERNAL_KEY": plan.credentials.internal_key,
    }
    if schema == "inference":
        environment |= model_choice(plan.environment, demo=plan.demo)
    if schema == "device":
        environment |= _sign_in_environment(plan)
    return environment


def _sign_in_environment(plan: Installation) -> dict[str, str]:
    environment = {
        "ASSISTANT_SIGNING_KEY_FILE": str(plan.credentials.signing_key_file.absolute()),
        "ASSISTANT_CODE_KEY": plan.credentials.code_key,
        "ASSISTANT_PUBLIC_URL": plan.settings.public_url or plan.url,
    }
    if plan.owner_password is not None:
        environment["ASSISTANT_OWNER_PASSWORD"] = plan.owner_password
    return environment
