"""Envoy's admin interface, which can stop the process: a socket of this user alone."""

import stat

import httpx
import psutil

from tests.deadline import eventually


async def test_admin_answers_at_its_socket_which_only_its_user_can_open(edge):
    socket = edge.settings.admin_socket
    transport = httpx.AsyncHTTPTransport(uds=str(socket))

    async with httpx.AsyncClient(transport=transport, base_url="http://envoy") as client:
        statistics = await client.get("/stats/prometheus")

    assert "envoy_cluster_upstream_rq_total" in statistics.text
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600


def test_the_public_port_is_the_only_one(edge):
    [envoy] = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(edge.settings.jwks_file.parent / "envoy.yaml") in (process.info["cmdline"] or [])
    ]
    ports = {found.laddr.port for found in envoy.net_connections("tcp") if found.status == psutil.CONN_LISTEN}

    assert ports == {edge.settings.port}


async def test_readiness_is_asked_at_the_public_port_and_is_not_logged(http, edge):
    ready = await http.get("/readyz")
    logged = (await http.get("/api/devices")).headers["x-request-id"]

    await eventually(lambda: any(entry.get("request_id") == logged for entry in edge.access_log()))
    assert (ready.status_code, ready.text) == (200, "ready\n")
    assert ready.headers["x-request-id"] not in [entry.get("request_id") for entry in edge.access_log()]
