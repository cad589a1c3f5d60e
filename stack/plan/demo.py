"""The demo's own parts: an invented Messages database, and the real agent that brings it, paired in the usual way."""

import sys

from stack.launcher import tied_command
from stack.plan.child_environment import child_environment
from stack.plan.installation import Installation
from stack.supervisor.part import CheckResult, Health, Part

# Exit statuses of `assistant-agent`.
CANNOT_READ, REFUSED = 3, 5


def demo_parts(plan: Installation) -> list[Part]:
    """Return what pairs the agent and what keeps it running. The product is whole without them."""
    options = ["--server", plan.url, "--token-file", str(plan.directory.demo_token.absolute())]
    database = ["--chat-db", str(plan.directory.demo_chat_db.absolute())]
    database += ["--address-book", str(plan.directory.demo_address_book.absolute())]
    # The settings, the lock and the status of the demo's agent; those of the owner's own agent are not to be touched.
    environment = child_environment(plan.environment) | {
        "ASSISTANT_AGENT_HOME": str(plan.directory.demo_agent.absolute())
    }
    password = {"ASSISTANT_OWNER_PASSWORD": plan.owner_password or ""}
    pairing = Part(
        "pairing",
        lambda: tied_command([sys.executable, "-m", "stack.demo_pairing", *options, *database]),
        environment=environment | password,
        needs=("envoy",),
        stop_seconds=1.0,
        vital=False,
        final_exits={REFUSED: "could not sign in: the owner's password was changed, so pair the demo's agent yourself"},
    )
    agent = Part(
        "agent",
        lambda: tied_command([sys.executable, "-m", "agent.cli", "sync", *options, *database]),
        _always_ready,
        environment=environment,
        needs=("pairing",),
        stop_seconds=1.0,
        vital=False,
        final_exits={
            REFUSED: "was refused: its device was deactivated; the next start pairs it again",
            CANNOT_READ: "cannot read the demo's Messages database",
        },
    )
    return [pairing, agent]


async def _always_ready() -> CheckResult:
    # The agent serves nobody, so that it runs is all there is to see.
    return CheckResult(Health.READY)
