"""Envoy: the one public port."""

from stack.checkout import UI_DIRECTORY
from stack.edge.binary import envoy_command, problem_of
from stack.edge.render import write_config
from stack.edge.routes import READY_PATH
from stack.edge.settings import EdgeSettings, Upstream
from stack.errors import StackError
from stack.launcher import tied_command
from stack.plan.child_environment import child_environment
from stack.plan.installation import Installation
from stack.services import SERVICES
from stack.supervisor.part import Part
from stack.supervisor.readiness import answers_while_alive, http_answers, socket_answers


def envoy_part(plan: Installation) -> Part:
    """Return Envoy, which starts when every service can answer."""
    config = plan.directory.envoy_config
    return Part(
        "envoy",
        lambda: tied_command(envoy_command(config)),
        answers_while_alive(
            http_answers(plan.local_host, plan.port, READY_PATH, tls=plan.certificate is not None),
            socket_answers(plan.directory.envoy_admin, "/ready"),
            "takes no new connections",
        ),
        environment=child_environment(plan.environment),
        needs=tuple(SERVICES.values()),
        prepare=lambda: _prepare(plan),
        address=f"{plan.host}:{plan.port}",
        stop_seconds=1.0,
    )


def _prepare(plan: Installation) -> None:
    plan.directory.create_socket_directory()
    plan.directory.jwks_file.write_text(plan.credentials.jwks())
    write_config(edge_settings(plan), plan.directory.envoy_config)
    problem = problem_of(plan.directory.envoy_config)
    if problem is not None:
        raise StackError(f"Envoy refuses its configuration {plan.directory.envoy_config}: {problem}")


def edge_settings(plan: Installation) -> EdgeSettings:
    """Return what Envoy's configuration is made from."""
    return EdgeSettings(
        host=plan.host,
        port=plan.port,
        admin_socket=plan.directory.envoy_admin,
        upstreams={schema: Upstream.parse(plan.addresses.service(schema)) for schema in SERVICES},
        jwks_file=plan.directory.jwks_file,
        ui_directory=UI_DIRECTORY,
        certificate=plan.certificate,
        cors_origins=plan.settings.allowed_origins,
        trusted_hops=plan.settings.trusted_hops,
    )
