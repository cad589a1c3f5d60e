"""Whether a password is the owner's, asked at the public port like everybody does."""

import asyncio
import http
import json
import ssl
import urllib.error
import urllib.request

from stack.plan.installation import Installation

TIMEOUT_SECONDS = 20


async def is_refused(plan: Installation, password: str) -> bool:
    """Try to sign in, and end the session again; True only if the password was said to be wrong."""
    return await asyncio.to_thread(_try_password, plan.local_url, password)


def _try_password(url: str, password: str) -> bool:
    try:
        with _opener().open(_post(f"{url}/api/auth/signin", {"password": password}), timeout=TIMEOUT_SECONDS) as answer:
            token = json.load(answer)["token"]
        sign_out = _post(f"{url}/api/auth/signout", {})
        sign_out.add_header("authorization", f"Bearer {token}")
        with _opener().open(sign_out, timeout=TIMEOUT_SECONDS):
            return False
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code == http.HTTPStatus.UNAUTHORIZED
    except (OSError, ValueError, KeyError):
        # Not known: better shown in vain than lost.
        return False


def _post(url: str, body: dict[str, str]) -> urllib.request.Request:
    return urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})  # noqa: S310 - our own URL


def _opener() -> urllib.request.OpenerDirector:
    # To ourselves: whatever name the certificate has, and never through the machine's proxy.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
