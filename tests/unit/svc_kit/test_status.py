"""The one table from errors to statuses."""

import grpc
import pytest
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from svc_kit import errors
from svc_kit.status import ERROR_DOMAIN, code_of, passed_on, status_of

TABLE = [
    (errors.InvalidInput("name", "is too long"), grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotFound("there is no such device"), grpc.StatusCode.NOT_FOUND),
    (errors.AlreadyExists("it exists"), grpc.StatusCode.ALREADY_EXISTS),
    (errors.FailedPrecondition("PENDING", "not now"), grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Unauthenticated("sign in"), grpc.StatusCode.UNAUTHENTICATED),
    (errors.PermissionDenied("not you"), grpc.StatusCode.PERMISSION_DENIED),
    (errors.Overloaded("later", retry_after=1.5), grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.Unavailable("away"), grpc.StatusCode.UNAVAILABLE),
    (errors.DeadlineExceeded("too slow"), grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.NotImplementedYet("WatchJob"), grpc.StatusCode.UNIMPLEMENTED),
]


@pytest.mark.parametrize(("error", "code"), TABLE)
def test_each_error_has_its_code_reason_and_words(error: errors.DomainError, code: grpc.StatusCode):
    status = status_of(error)

    assert code_of(error) is code
    assert (status.code, status.message) == (code.value[0], error.message)
    info = _detail(status, error_details_pb2.ErrorInfo())
    assert (info.reason, info.domain) == (error.reason, ERROR_DOMAIN)


def test_every_error_of_ours_is_in_the_table():
    assert {type(error) for error, _ in TABLE} == set(errors.DomainError.__subclasses__())


def test_a_kind_of_an_error_has_its_code():
    class GoneFishing(errors.Unavailable):
        pass

    assert code_of(GoneFishing("away")) is grpc.StatusCode.UNAVAILABLE


def test_bad_input_names_every_field():
    error = errors.InvalidInput.of([("name", "is empty"), ("messages[3].text", "is too long")])

    bad = _detail(status_of(error), error_details_pb2.BadRequest())

    assert [(found.field, found.description) for found in bad.field_violations] == [*error.violations]


def test_too_much_says_when_to_come_back():
    retry = _detail(status_of(errors.Overloaded("later", retry_after=1.5)), error_details_pb2.RetryInfo())

    assert retry.retry_delay.ToTimedelta().total_seconds() == 1.5


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        (grpc.StatusCode.NOT_FOUND, True),
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.INTERNAL, False),
        (grpc.StatusCode.UNAUTHENTICATED, False),
        (grpc.StatusCode.UNKNOWN, False),
    ],
)
def test_what_another_service_answered_is_passed_on_when_the_caller_can_act_on_it(code: grpc.StatusCode, passes: bool):
    status = passed_on(_answer(code, "there is no such conversation"))

    assert (status is not None) is passes
    assert status is None or status.code == code.value[0]


def test_an_address_of_ours_is_not_passed_on():
    status = passed_on(_answer(grpc.StatusCode.UNAVAILABLE, "failed to connect to ipv4:127.0.0.1:50051"))

    assert status is not None
    assert "127.0.0.1" not in status.message


def _answer(code: grpc.StatusCode, details: str) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details)


def _detail(status: Status, detail):
    [packed] = [packed for packed in status.details if packed.Is(detail.DESCRIPTOR)]
    packed.Unpack(detail)
    return detail
