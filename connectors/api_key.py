"""A fixed key in a header, as the recording system takes it."""

from __future__ import annotations

from pydantic import SecretStr

from config.errors import ConfigurationError
from connectors.errors import Misconfigured
from connectors.outcomes import Naming
from connectors.sign_in import Pass, SignIn


def api_key_sign_in(key: SecretStr, *, setting: str) -> SignIn:
    """Sign in with X-Api-Key. Raises ConfigurationError for a key that no header can hold."""
    value = key.get_secret_value().strip()
    if not value or not value.isascii() or not value.isprintable():
        raise ConfigurationError(
            f"{setting} holds something other than plain letters, digits and signs; copy the key again.",
            setting=setting,
        )
    shown = Pass({"X-Api-Key": value})
    return SignIn(lambda: Pass(shown.headers))


def key_may_not(naming: Naming, doing: str) -> Misconfigured:
    """A 403 to a whole question, rather than to one record: the key itself is not allowed to ask it."""
    return Misconfigured(
        f"{naming.system} does not let our key read this (status 403, {doing}); have the key in {naming.credential} "
        "allowed to read it.",
        setting=naming.credential,
        status=403,
    )
