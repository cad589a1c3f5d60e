"""The one interceptor: request id, log line, metrics, gate, validation, errors, for all four kinds of call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
import structlog
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status

from svc_kit.errors import DomainError, InvalidInput
from svc_kit.gate import Gate, Metadata
from svc_kit.logs import where
from svc_kit.metrics import CALL_SECONDS, CALLS_IN_FLIGHT
from svc_kit.request_id import begin_request
from svc_kit.status import passed_on, status_of
from svc_kit.validation import violations_of

Context = grpc.aio.ServicerContext[Any, Any]
_QUIET_PREFIXES = ("/grpc.health.v1.Health/", "/grpc.reflection.")
_MAX_VIOLATIONS = 10


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every handler of a server.

    `hand_checked` names the paths whose requests the service checks itself, because a generic check would cost more than
    the work (ingest batches: 8 µs a message).
    """

    def __init__(self, gate: Gate, *, hand_checked: frozenset[str] = frozenset()) -> None:
        self._gate = gate
        self._hand_checked = hand_checked
        self._log = structlog.get_logger()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Give gRPC the wrapped handler; None when the server has no such method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        path = handler_call_details.method
        metadata = handler_call_details.invocation_metadata or ()
        make, behaviour = _maker(handler)
        call = self._streaming(path, metadata, behaviour) if handler.response_streaming else None
        return make(
            call or self._unary(path, metadata, behaviour),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _unary(self, path: str, metadata: Metadata, behaviour: Any) -> Any:
        async def call(request: Any, context: Context) -> Any:
            async with self._around(path, metadata, context):
                return await behaviour(self._checked(path, request), context)

        return call

    def _streaming(self, path: str, metadata: Metadata, behaviour: Any) -> Any:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            async with self._around(path, metadata, context):
                answers = behaviour(self._checked(path, request), context)
                if not hasattr(answers, "aclose"):  # health and reflection return other kinds of iterators
                    async for answer in answers:
                        yield answer
                    return
                async with aclosing(answers):
                    async for answer in answers:
                        yield answer

        return call

    def _checked(self, path: str, request: Any) -> Any:
        if path in self._hand_checked or path.startswith(_QUIET_PREFIXES):
            return request
        if isinstance(request, Message):
            _check(request)
            return request
        return _checked_stream(request)

    @asynccontextmanager
    async def _around(self, path: str, metadata: Metadata, context: Context) -> AsyncIterator[None]:
        begin_request(metadata)
        started = time.perf_counter()
        code = "OK"
        CALLS_IN_FLIGHT.labels(path).inc()
        try:
            await self._gate.admit(path, metadata)
            yield
        except asyncio.CancelledError:
            code = "CANCELLED"
            raise
        except grpc.aio.AbortError:
            code = "ABORTED"
            raise
        except Exception as error:
            status = self._status(path, error)
            code = code_pb2.Code.Name(status.code)
            await context.abort_with_status(rpc_status.to_status(status))
        finally:
            seconds = time.perf_counter() - started
            CALLS_IN_FLIGHT.labels(path).dec()
            CALL_SECONDS.labels(path, code).observe(seconds)
            if not path.startswith(_QUIET_PREFIXES):
                self._log.info("rpc", rpc=path, code=code, ms=round(seconds * 1000, 1))

    def _status(self, path: str, error: Exception) -> status_pb2.Status:
        if isinstance(error, DomainError):
            return status_of(error)
        if isinstance(error, grpc.aio.AioRpcError) and (status := passed_on(error)) is not None:
            return status
        self._log.error("internal error", rpc=path, **where(error))
        return status_pb2.Status(code=code_pb2.INTERNAL, message="internal error")


def _maker(handler: Any) -> tuple[Any, Any]:
    kinds = (
        (handler.unary_unary, grpc.unary_unary_rpc_method_handler),
        (handler.unary_stream, grpc.unary_stream_rpc_method_handler),
        (handler.stream_unary, grpc.stream_unary_rpc_method_handler),
        (handler.stream_stream, grpc.stream_stream_rpc_method_handler),
    )
    return next((make, behaviour) for behaviour, make in kinds if behaviour is not None)


def _check(request: Message) -> None:
    violations = violations_of(request)
    if violations:
        # They travel in a header, which has a limit of its own.
        raise InvalidInput.of(violations[:_MAX_VIOLATIONS])


async def _checked_stream(requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
    async for request in requests:
        _check(request)
        yield request
