"""All parts of one start, in the order in which they are shown."""

from stack.plan.demo import demo_parts
from stack.plan.front import envoy_part
from stack.plan.installation import Installation
from stack.plan.services import service_parts
from stack.plan.stores import migrate_part, postgres_part, valkey_part
from stack.plan.workers import worker_parts
from stack.supervisor.part import Part


def all_parts(plan: Installation) -> list[Part]:
    """Return every part; the supervisor works out the order of the start from what each one needs."""
    parts = [
        postgres_part(plan),
        valkey_part(plan),
        migrate_part(plan),
        *service_parts(plan),
        *worker_parts(plan),
        envoy_part(plan),
    ]
    return [*parts, *demo_parts(plan)] if plan.demo else parts
