"""What does not apply to a connector is not collected: its reason stands in `skips` and on its docs page."""

from __future__ import annotations

import pytest

from connectors.conformance.common import CommonConformance
from connectors.conformance.documentation import assertion_of, reasons_of


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests of the kit that a shipped connector gives a reason for."""
    taken = [item for item in items if _has_a_reason(item)]
    if taken:
        config.hook.pytest_deselected(items=taken)
        items[:] = [item for item in items if item not in set(taken)]


def _has_a_reason(item: pytest.Item) -> bool:
    kit = getattr(item, "cls", None)
    if kit is None or not issubclass(kit, CommonConformance):
        return False
    name = item.originalname if isinstance(item, pytest.Function) else item.name
    reasons = reasons_of(kit)
    return name in reasons or (assertion_of(name) or "") in reasons
