"""What can go wrong, in the words of the domain; `svc_kit.status` turns it into gRPC's words once.

Messages are for people and hold no message text: an id, a field, a limit, and what to do.
"""

from __future__ import annotations


class DomainError(Exception):
    """Something the caller should know about. `reason` is stable and in capitals (google.rpc.ErrorInfo)."""

    reason = "UNKNOWN"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if reason is not None:
            self.reason = reason


class InvalidInput(DomainError):
    """A field of the request is wrong."""

    reason = "INVALID_INPUT"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.violations: tuple[tuple[str, str], ...] = ((field, message),)

    @classmethod
    def of(cls, violations: list[tuple[str, str]]) -> InvalidInput:
        """Name several wrong fields at once; `violations` are (field path, what is wrong) and not empty."""
        error = cls(*violations[0])
        error.violations = tuple(violations)
        return error


class NotFound(DomainError):
    """It does not exist, or belongs to somebody else: the caller cannot tell which."""

    reason = "NOT_FOUND"


class AlreadyExists(DomainError):
    """It exists already."""

    reason = "ALREADY_EXISTS"


class FailedPrecondition(DomainError):
    """The request is right, but not now."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)


class Unauthenticated(DomainError):
    """Nobody the service knows."""

    reason = "UNAUTHENTICATED"


class PermissionDenied(DomainError):
    """Somebody the service knows, who may not do this."""

    reason = "PERMISSION_DENIED"


class Overloaded(DomainError):
    """Too much at once. `retry_after` is in seconds."""

    reason = "OVERLOADED"

    def __init__(self, message: str, *, retry_after: float, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part that is needed does not answer now."""

    reason = "UNAVAILABLE"


class DeadlineExceeded(DomainError):
    """It took longer than the caller wanted to wait."""

    reason = "DEADLINE_EXCEEDED"


class NotImplementedYet(DomainError):
    """The contract has it, this version does not."""

    reason = "NOT_IMPLEMENTED_YET"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not there yet in this version")
