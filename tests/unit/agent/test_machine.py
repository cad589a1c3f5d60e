"""What a registration says of the machine."""

from pathlib import Path

import protovalidate
import pytest
from assistant.device.v1 import devices_pb2

from agent.machine import this_machine


@pytest.mark.parametrize("name", ["", "  ", "Studio Mac", "x" * 300])
def test_a_machine_fits_the_contract_and_is_the_same_each_time(name: str):
    machine = this_machine(name)

    protovalidate.validate(
        devices_pb2.RegisterDeviceRequest(
            name=machine.name,
            hardware_id=machine.hardware_id,
            platform=machine.platform,
            os_version=machine.os_version,
        )
    )
    assert this_machine(name) == machine


def test_two_people_on_one_machine_are_two_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ids = set()
    for home in ("ana", "ben"):
        monkeypatch.setenv("HOME", str(tmp_path / home))
        ids.add(this_machine().hardware_id)

    assert len(ids) == 2
