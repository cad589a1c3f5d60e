"""Every RPC of the contract says who may call it."""

from __future__ import annotations

from google.protobuf import descriptor_pool

from svc_kit.access import allowed_roles
from svc_kit.contract import load_contract, outward_services


def test_no_rpc_forgot_its_option():
    pool = descriptor_pool.Default()
    for name in load_contract():
        for method in pool.FindServiceByName(name).methods:
            assert allowed_roles(f"/{name}/{method.name}") != frozenset(), method.full_name


def test_no_device_may_call_what_is_the_owners():
    assert allowed_roles("/assistant.device.v1.DevicesService/ApproveDevice") == frozenset({"owner", "service"})
    assert allowed_roles("/assistant.device.v1.DevicesService/RefreshToken") == frozenset({"device"})
    assert allowed_roles("/assistant.device.v1.AuthService/SignIn") is None


def test_the_worker_is_not_shown_outside():
    assert "assistant.inference.v1.WorkerService" in load_contract()
    assert "assistant.inference.v1.WorkerService" not in outward_services()
    assert "assistant.device.v1.AuthService" in outward_services()
