"""What keeps Redis from being read or written, in one line: no password and nothing of a customer is in it."""

from __future__ import annotations

import re
from typing import Final

from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

_CODE: Final = re.compile(r"(?:caused error: \(['\"]|^)([A-Z]{3,20})\b")
"""The word that a reply of Redis begins with; the client puts the command before it, and so a customer's id."""
_CERTIFICATE: Final = re.compile(r"certificate|\bSSL\b|\[SSL", re.IGNORECASE)


def refusal(failure: Exception) -> str:
    """Why a command was not done, and what to check where that is known."""
    if isinstance(failure, (AuthenticationError, AuthorizationError)):
        return "Redis refuses the password: check ENGAGE_REDIS_PASSWORD, or the password in ENGAGE_REDIS_URL"
    if isinstance(failure, NoPermissionError):
        return "Redis does not permit this user what the view needs: check its ACL"
    if isinstance(failure, (RedisConnectionError, RedisTimeoutError, OSError)):
        text = " ".join(str(failure).split())
        if _CERTIFICATE.search(text):
            return f"{text}: check ENGAGE_REDIS_CA_FILE, ENGAGE_REDIS_CERT_FILE and the host of ENGAGE_REDIS_URL"
        return text
    if isinstance(failure, RedisError):
        code = _CODE.search(str(failure))
        return f"Redis answers {code.group(1)}" if code else type(failure).__name__
    return type(failure).__name__
