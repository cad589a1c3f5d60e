"""The UI as files, and what every reply carries."""

import httpx
import pytest

from tests.integration.envoy.edge import PAGE, SCRIPT, running_edge

ORIGIN = "https://ui.example"


@pytest.mark.parametrize("path", ["/", "/devices", "/conversations/0190-abc", "/conversations/0190-abc?tab=drafts"])
async def test_every_path_of_the_ui_is_the_one_page(http, path):
    answer = await http.get(path)

    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_hashed_asset_is_kept_forever(http):
    answer = await http.get("/assets/index-1a2b3c.js")

    assert (answer.status_code, answer.text) == (200, SCRIPT)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_an_asset_is_compressed_for_who_asks(http):
    answer = await http.get("/assets/index-1a2b3c.js", headers={"accept-encoding": "gzip"})

    assert (answer.headers["content-encoding"], answer.text) == ("gzip", SCRIPT)


async def test_an_asset_can_be_asked_about(http):
    answer = await http.head("/assets/index-1a2b3c.js")

    assert (answer.status_code, answer.text) == (200, "")


async def test_a_file_beside_the_page_is_served(http):
    answer = await http.get("/favicon.svg")

    assert (answer.text, answer.headers["content-type"]) == ("<svg/>", "image/svg+xml")


@pytest.mark.parametrize("path", ["/assets/gone.js", "/.hidden"])
async def test_a_missing_file_is_not_the_page(http, path):
    answer = await http.get(path)

    assert answer.status_code in (401, 404)
    assert PAGE not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_answers_of_the_api_are_kept_nowhere(http, edge):
    answer = await http.get("/api/devices", headers=edge.bearer())

    assert answer.headers["cache-control"] == "no-store"


async def test_the_page_cannot_be_posted_to(http):
    answer = await http.post("/devices", content=b"x")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/assets/index-1a2b3c.js",
        "/assets/gone.js",
        "/api/devices",
        "/api/nothing",
        "/no.such/thing",
        "/.well-known/jwks.json",
    ],
)
async def test_every_reply_has_the_security_headers(http, path):
    headers = (await http.get(path)).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


async def test_other_origins_are_not_let_in_by_default(http):
    headers = {"origin": ORIGIN, "access-control-request-method": "POST"}

    answer = await http.options("/api/devices/register", headers=headers)

    assert "access-control-allow-origin" not in answer.headers


async def test_an_origin_of_the_settings_is_let_in(backend, scratch):
    with running_edge(scratch, backend[0], cors_origins=(ORIGIN,)) as edge:
        async with httpx.AsyncClient(base_url=edge.url, trust_env=False) as client:
            asked = await client.options(
                "/api/devices/approve", headers={"origin": ORIGIN, "access-control-request-method": "POST"}
            )
            headers = {"origin": ORIGIN, "sec-fetch-site": "cross-site"}
            called = await client.post("/api/devices/register", json={"name": "Mac"}, headers=headers)

    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert (called.status_code, called.headers["access-control-allow-origin"]) == (200, ORIGIN)


async def test_without_a_built_ui_the_page_says_so(backend, scratch):
    with running_edge(scratch, backend[0], ui_directory=scratch / "not-built") as edge:
        async with httpx.AsyncClient(base_url=edge.url, trust_env=False) as client:
            answer = await client.get("/")

    assert "make setup" in answer.text
