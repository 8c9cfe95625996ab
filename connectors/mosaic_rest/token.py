"""OAuth2 client credentials: how the integration gets its bearer token."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors.errors import Misconfigured
from connectors.http import Http
from connectors.sign_in import Pass, SignIn


def client_credentials(http: Http, client_id: str, secret: SecretStr) -> SignIn:
    """Sign in with tokens from /oauth/token.

    Issuing one raises Misconfigured where the client is refused, and otherwise what a read raises.
    """

    def issue() -> Pass:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret.get_secret_value(),
            "scope": "case-notes",
        }
        answer = http.ask(
            "/oauth/token", form, doing="a new access token", expect=(400, 401, 403), well_formed=_is_token
        )
        if answer.status >= 400:
            raise Misconfigured(
                f"{http.naming.system} refuses our client id and secret (status {answer.status}); correct "
                "BRIDGE_MOSAIC__CLIENT_ID and BRIDGE_MOSAIC__CLIENT_SECRET.",
                setting=http.naming.credential,
                status=answer.status,
            )
        content: dict[str, Any] = answer.content
        return Pass({"Authorization": f"Bearer {content['access_token']}"}, _life(content.get("expires_in")))

    return SignIn(issue)


def _is_token(content: Any) -> bool:
    token = content.get("access_token") if isinstance(content, dict) else None
    return isinstance(token, str) and bool(token) and token.isascii() and token.isprintable()


def _life(expires_in: object) -> float | None:
    """Seconds until the token expires; None where that is not said: it is then used until it is refused."""
    if isinstance(expires_in, str) and expires_in.isascii() and expires_in.isdigit():
        expires_in = int(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float) or expires_in <= 0:
        return None
    return float(expires_in)
