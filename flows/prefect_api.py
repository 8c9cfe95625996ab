"""Whether the Prefect API that is configured answers, found out without importing Prefect and within seconds.

Prefect's own client tries for minutes. A run is asked for by a person or a schedule that wants to know now; nothing
was done yet, and the next run does it all.
"""

from __future__ import annotations

import http.client
import os
import ssl
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from config.errors import ConfigurationError

#: How long the health endpoint may take to accept and to answer, in seconds. A busy server has taken 20 to start.
PATIENCE_SECONDS = 15.0
_SERVER_ERROR = 500
DOES_NOT_ANSWER = "The Prefect API at PREFECT_API_URL does not answer; start the server or correct the address."


class PrefectAway(Exception):
    """The Prefect API could not be reached, so nothing was run. One sentence; exit code 3."""

    setting = "PREFECT_API_URL"

    def __init__(self) -> None:
        super().__init__(
            "The Prefect API at PREFECT_API_URL could not be reached, so nothing was run; start the server, correct "
            "the address, or unset PREFECT_API_URL to run in this process."
        )


class PrefectRefused(ConfigurationError):
    """The Prefect API is there and did not do as it was asked. Its own words may quote the question."""

    def __init__(self, asked: str, answer: str) -> None:
        super().__init__(
            f"The Prefect API at PREFECT_API_URL did not take {asked} ({answer}); check that the address ends in /api, "
            "its version and the password if it has one (PREFECT_API_AUTH_STRING).",
            setting="PREFECT_API_URL",
        )


def configured_url() -> str:
    """The address in PREFECT_API_URL; empty when runs are to stay in their own process."""
    return os.environ.get("PREFECT_API_URL", "").strip()


def answers(url: str, patience_seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether something at this address answers a question about its health. Any answer but a fault of its own counts.

    What the answer says is Prefect's affair: a server that wants a password, or is no Prefect at all, is there.
    """
    if not url.lower().startswith(("http://", "https://")):
        return False
    try:
        with urlopen(Request(f"{url.rstrip('/')}/health"), timeout=patience_seconds):  # noqa: S310 - checked above
            return True
    except HTTPError as answer:
        answer.close()
        return answer.code < _SERVER_ERROR
    except URLError as why:
        # A certificate that only Prefect's own settings know is no proof of absence.
        return isinstance(why.reason, ssl.SSLCertVerificationError)
    except (OSError, ValueError, http.client.HTTPException):
        return False


def reach() -> None:
    """Raises PrefectAway when the configured API does not answer in time."""
    if not answers(configured_url()):
        raise PrefectAway
