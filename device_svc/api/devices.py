"""DevicesService: registration, approval, tokens, deactivation."""

from __future__ import annotations

from typing import Any

import grpc
from assistant.device.v1 import devices_pb2 as pb
from assistant.device.v1 import devices_pb2_grpc

from device_svc.api.mapping import timestamp, to_activity, to_device
from device_svc.domain.registrations import Description
from device_svc.use_cases.device_service import DeviceService
from device_svc.use_cases.pairing import Pairing
from svc_kit import identity
from svc_kit.errors import InvalidInput
from svc_kit.identity import current_account
from svc_kit.ids import parse_id
from svc_kit.paging import decode_page_token, encode_page_token, page_size_of

Context = grpc.aio.ServicerContext[Any, Any]


class DevicesServicer(devices_pb2_grpc.DevicesServiceServicer):
    """Registers devices and keeps their tokens."""

    def __init__(self, pairing: Pairing, service: DeviceService) -> None:
        self._pairing = pairing
        self._service = service

    async def RegisterDevice(self, request: pb.RegisterDeviceRequest, context: Context) -> pb.RegisterDeviceResponse:
        """Open a registration and return its code. Raises InvalidInput or Overloaded."""
        described = Description(request.name, request.hardware_id, request.platform, request.os_version)
        opened = await self._pairing.register(described)
        return pb.RegisterDeviceResponse(
            device_id=str(opened.device_id), code=opened.code, expires_at=timestamp(opened.expires_at)
        )

    async def ApproveDevice(self, request: pb.ApproveDeviceRequest, context: Context) -> pb.ApproveDeviceResponse:
        """Add the device that shows `code` to the caller's account. Raises NotFound or Overloaded."""
        device = await self._pairing.approve(current_account(), request.code)
        return pb.ApproveDeviceResponse(device=to_device(device))

    async def VerifyDevice(self, request: pb.VerifyDeviceRequest, context: Context) -> pb.VerifyDeviceResponse:
        """Hand an approved device its token. Raises NotFound, or FailedPrecondition until it is approved."""
        issued = await self._pairing.verify(parse_id("device_id", request.device_id), request.code)
        return pb.VerifyDeviceResponse(token=issued.token, expires_at=timestamp(issued.expires_at))

    async def RefreshToken(self, request: pb.RefreshTokenRequest, context: Context) -> pb.RefreshTokenResponse:
        """Give the calling device another token. Raises Unauthenticated once it was deactivated."""
        device_id = parse_id("sub", identity.current().subject)
        issued = await self._service.refresh(current_account(), device_id)
        return pb.RefreshTokenResponse(token=issued.token, expires_at=timestamp(issued.expires_at))

    async def ListDevices(self, request: pb.ListDevicesRequest, context: Context) -> pb.ListDevicesResponse:
        """Return a page of the account's devices, newest first. Raises InvalidInput for page_token or page_size."""
        after = decode_page_token(request.page_token)
        page = await self._service.page(current_account(), after, page_size_of(request.page_size))
        last = page.devices[-1] if page.more else None
        return pb.ListDevicesResponse(
            devices=[to_device(device) for device in page.devices],
            next_page_token=encode_page_token(last.created_at, last.device_id) if last else "",
            approval_tries_left=page.approval_tries_left,
        )

    async def GetDevice(self, request: pb.GetDeviceRequest, context: Context) -> pb.GetDeviceResponse:
        """Return one device. Raises NotFound, or InvalidInput for device_id."""
        device = await self._service.get(current_account(), parse_id("device_id", request.device_id))
        return pb.GetDeviceResponse(device=to_device(device))

    async def RenameDevice(self, request: pb.RenameDeviceRequest, context: Context) -> pb.RenameDeviceResponse:
        """Change a device's name. Raises NotFound, or InvalidInput for update_mask, device_id or name."""
        if set(request.update_mask.paths) - {"name"}:
            raise InvalidInput("update_mask", 'may name "name" only')
        device_id = parse_id("device_id", request.device_id)
        device = await self._service.rename(current_account(), device_id, request.name)
        return pb.RenameDeviceResponse(device=to_device(device))

    async def DeactivateDevice(
        self, request: pb.DeactivateDeviceRequest, context: Context
    ) -> pb.DeactivateDeviceResponse:
        """End a device's access; again is no error. Raises NotFound, or InvalidInput for device_id."""
        device = await self._service.deactivate(current_account(), parse_id("device_id", request.device_id))
        return pb.DeactivateDeviceResponse(device=to_device(device))

    async def RecordDeviceActivity(
        self, request: pb.RecordDeviceActivityRequest, context: Context
    ) -> pb.RecordDeviceActivityResponse:
        """Store what a device did and how it is; sync_svc calls this. Raises NotFound or InvalidInput."""
        device_id = parse_id("device_id", request.device_id)
        await self._service.record(current_account(), device_id, to_activity(request))
        return pb.RecordDeviceActivityResponse()
