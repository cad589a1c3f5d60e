"""An id in the path is the one that counts: for each path of the contract, the query cannot give another."""

import re

import httpx
import pytest

from stack.checkout import DESCRIPTOR_SET
from stack.edge.api_surface import VARIABLE, read_surface

PATHS = [
    (binding.method, VARIABLE.sub("in-the-path", binding.template), spelling)
    for rpc in read_surface(DESCRIPTOR_SET)
    if rpc.is_reachable
    for binding in rpc.rest
    for variable in binding.variables
    for spelling in rpc.spellings[variable]
]


async def asked(http, edge, method, target):
    url = httpx.URL(edge.url).copy_with(raw_path=target.encode())
    content = b"{}" if method in ("POST", "PATCH") else None
    return await http.request(method, url, content=content, headers=edge.bearer())


@pytest.mark.parametrize(("method", "path", "spelling"), PATHS)
async def test_a_query_that_gives_the_id_again_is_refused(http, edge, method, path, spelling):
    refused = await asked(http, edge, method, f"{path}?{spelling}=in-the-query")

    assert (refused.status_code, refused.json()["code"]) == (400, 3)
    assert refused.json()["message"].endswith(f"is given by the path: leave {spelling} out of the query")


@pytest.mark.parametrize(
    "target",
    [
        "/api/devices/1?device%49d=2",
        "/api/devices/1?%64evice_id=2",
        "/api/devices/1?deviceId",
        "/api/devices/1?deviceId%3D2",
        "/api/devices/1?&&deviceId=2",
        "/api/devices/1?deviceId=1&deviceId=2",
        "/api/devices/1/?deviceId=2",
        "/api/devices/1:nothing?deviceId=2",
        "/api/devices/1%3Anothing?deviceId=2",
        "/api/devices/1;x?deviceId=2",
        "/api/devices/1?x?deviceId=2",
        "/api/devices/1?device_id.x=2",
    ],
)
async def test_no_spelling_of_a_query_gets_around_it(http, edge, target):
    answer = await asked(http, edge, "GET", target)

    assert (answer.status_code, answer.json()["code"]) == (400, 3)


async def test_the_body_cannot_give_another_id_either(http, edge):
    in_json = await http.patch("/api/devices/1", json={"deviceId": "2"}, headers=edge.bearer())
    as_in_the_contract = await http.patch("/api/devices/1", json={"device_id": "2"}, headers=edge.bearer())

    assert in_json.json()["device"]["deviceId"] == "1"
    assert as_in_the_contract.status_code == 400


async def test_an_id_may_hold_escapes_and_a_query_may_have_escaped_values(http, edge):
    device = await asked(http, edge, "GET", "/api/devices/a%20b")
    search = await asked(http, edge, "GET", "/api/messages:search?query=%C3%A4&pageSize=3")

    assert (device.status_code, device.json()["device"]["deviceId"]) == (200, "a b")
    assert search.status_code == 200


def test_no_path_without_variables_is_refused_for_the_ids_of_another():
    bindings = [(rpc, binding) for rpc in read_surface(DESCRIPTOR_SET) for binding in rpc.rest]
    plain = [binding for _, binding in bindings if not binding.has_variables]

    assert not [
        (binding.template, other.template)
        for _, binding in bindings
        if binding.has_variables
        for other in plain
        if other.method == binding.method and re.fullmatch(binding.wide_regex, other.template)
    ]
