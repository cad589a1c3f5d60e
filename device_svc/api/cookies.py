"""The session cookie, as Set-Cookie has it."""

from __future__ import annotations

from dataclasses import dataclass

from svc_kit.tokens import SESSION_COOKIE


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """Scripts never see it and other sites never send it; `secure` when the public address is https."""

    secure: bool

    def holding(self, token: str, seconds: int) -> tuple[str, str]:
        """The header that sets it."""
        return self._header(token, seconds)

    def cleared(self) -> tuple[str, str]:
        """The header that takes it away."""
        return self._header("", 0)

    def _header(self, value: str, seconds: int) -> tuple[str, str]:
        secure = "; Secure" if self.secure else ""
        return ("set-cookie", f"{SESSION_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
