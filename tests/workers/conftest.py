"""Workers are real processes of the bridge on one ledger."""

from tests.kills.conftest import (  # noqa: F401 - fixtures
    bridge,
    bridge_on_both,
    bridge_on_postgresql,
    launcher,
    new_scene,
    postgresql_ledger,
    sqlite_ledger,
)
