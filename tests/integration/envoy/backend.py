"""A small server of the real contract: enough to see what Envoy does with requests and answers."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from assistant.device.v1 import auth_pb2, auth_pb2_grpc, devices_pb2, devices_pb2_grpc
from assistant.inference.v1 import responses_pb2, responses_pb2_grpc, worker_pb2, worker_pb2_grpc
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc, sync_pb2, sync_pb2_grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

from svc_kit.contract import load_contract

UNKNOWN_ID = "00000000-0000-7000-8000-000000000404"


class Auth(auth_pb2_grpc.AuthServiceServicer):
    def SignIn(self, request: Any, context: Any) -> auth_pb2.SignInResponse:
        context.send_initial_metadata(
            (("set-cookie", "assistant_session=made-here; HttpOnly; SameSite=Strict; Path=/"),)
        )
        return auth_pb2.SignInResponse(account=auth_pb2.Account(name=request.account))

    def GetSession(self, request: Any, context: Any) -> auth_pb2.GetSessionResponse:
        return auth_pb2.GetSessionResponse(account=auth_pb2.Account(name="owner"))

    def CheckToken(self, request: Any, context: Any) -> auth_pb2.CheckTokenResponse:
        return auth_pb2.CheckTokenResponse(active=True)


class Devices(devices_pb2_grpc.DevicesServiceServicer):
    def RegisterDevice(self, request: Any, context: Any) -> devices_pb2.RegisterDeviceResponse:
        return devices_pb2.RegisterDeviceResponse(device_id="1", code="123456")

    def ListDevices(self, request: Any, context: Any) -> devices_pb2.ListDevicesResponse:
        devices = [devices_pb2.Device(device_id=str(number), name="Mac " * 50) for number in range(20)]
        return devices_pb2.ListDevicesResponse(devices=devices)

    def GetDevice(self, request: Any, context: Any) -> devices_pb2.GetDeviceResponse:
        if request.device_id == UNKNOWN_ID:
            info = error_details_pb2.ErrorInfo(reason="NOT_FOUND", domain="conversation-assistant")
            status = status_pb2.Status(code=code_pb2.NOT_FOUND, message="no such device")
            status.details.add().Pack(info)
            context.abort_with_status(rpc_status.to_status(status))
        # What the service was told of the deadline, where a test can read it.
        return devices_pb2.GetDeviceResponse(
            device=devices_pb2.Device(device_id=request.device_id, message_count=int(context.time_remaining() or 0))
        )

    def RenameDevice(self, request: Any, context: Any) -> devices_pb2.RenameDeviceResponse:
        return devices_pb2.RenameDeviceResponse(device=devices_pb2.Device(device_id=request.device_id))


class Worker(worker_pb2_grpc.WorkerServiceServicer):
    def Status(self, request: Any, context: Any) -> worker_pb2.StatusResponse:
        return worker_pb2.StatusResponse()


class Sync(sync_pb2_grpc.SyncServiceServicer):
    def SyncMessages(self, request_iterator: Any, context: Any) -> sync_pb2.SyncMessagesResponse:
        for _ in request_iterator:
            pass
        return sync_pb2.SyncMessagesResponse()


class Conversations(conversations_pb2_grpc.ConversationsServiceServicer):
    def SearchMessages(self, request: Any, context: Any) -> conversations_pb2.SearchMessagesResponse:
        return conversations_pb2.SearchMessagesResponse()


class Responses(responses_pb2_grpc.ResponsesServiceServicer):
    """Streams one token, then waits until the test has seen it."""

    def __init__(self) -> None:
        self.first_was_seen = threading.Event()

    def StreamResponse(self, request: Any, context: Any) -> Iterator[responses_pb2.StreamResponseResponse]:
        if request.message_id == UNKNOWN_ID:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such message")
        yield responses_pb2.StreamResponseResponse(token=responses_pb2.ResponseToken(text="first"))
        self.first_was_seen.wait(30)
        yield responses_pb2.StreamResponseResponse(token=responses_pb2.ResponseToken(text="second"))


@contextmanager
def running_backend() -> Iterator[tuple[int, Responses]]:
    """Serve on a free port."""
    # Only the RPCs that the tests call are there; the others answer UNIMPLEMENTED.
    server = grpc.server(ThreadPoolExecutor(8))
    responses = Responses()  # type: ignore[abstract]
    auth_pb2_grpc.add_AuthServiceServicer_to_server(Auth(), server)  # type: ignore[abstract]
    devices_pb2_grpc.add_DevicesServiceServicer_to_server(Devices(), server)  # type: ignore[abstract]
    worker_pb2_grpc.add_WorkerServiceServicer_to_server(Worker(), server)  # type: ignore[abstract]
    sync_pb2_grpc.add_SyncServiceServicer_to_server(Sync(), server)  # type: ignore[abstract]
    conversations_pb2_grpc.add_ConversationsServiceServicer_to_server(Conversations(), server)  # type: ignore[abstract]
    responses_pb2_grpc.add_ResponsesServiceServicer_to_server(responses, server)
    reflection.enable_server_reflection((*load_contract(), reflection.SERVICE_NAME), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port, responses
    finally:
        server.stop(None).wait()
