"""What Prefect does about a run that is late, has failed or was killed: automations, kept as code.

Import this after `flows.prefect_environment.harden`. `python -m flows.automations --notify TYPE/NAME` creates them, or
brings those that exist up to date. They concern only runs tagged `incident-bridge`, so a Prefect server may be shared.

None of them decides about deliveries: the ledger's leases do. A run that SIGKILL ended shows "Running" in Prefect for
ever; here it is marked as crashed once its heartbeats have stopped, so that nobody waits for it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from flows.prefect_api import DOES_NOT_ANSWER, PrefectRefused, answers, configured_url
from flows.prefect_environment import harden

if TYPE_CHECKING:
    from prefect.events.actions import DoNothing, SendNotification
    from prefect.events.schemas.automations import AutomationCore

TAG = "incident-bridge"
LATE = "incident-bridge: a run is late"
FAILED = "incident-bridge: a run has failed"
ZOMBIE = "incident-bridge: a run has stopped without a word"

_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDS = frozenset(f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed", "TimedOut"))
_TAGGED = {"prefect.resource.id": f"prefect.tag.{TAG}", "prefect.resource.role": "tag"}
_ANY_RUN = {"prefect.resource.id": "prefect.flow-run.*"}

#: Of the run's own words only its state's name is repeated: a state's message is not ours to mail about.
_BODY = (
    "{{ flow.name }}, run {{ flow_run.name }}: {{ flow_run.state.name }}. Nothing is lost: the ledger knows what is "
    "still owed, and the next run takes it up. Look at the run in Prefect and at `incident-bridge status`."
)


class UnknownNotification(Exception):
    """The notification block that was named does not exist; one sentence with the fix."""


def automations(
    notify: UUID | None = None,
    *,
    late_after: timedelta = timedelta(minutes=15),
    silent_for: timedelta = timedelta(minutes=5),
) -> tuple[AutomationCore, ...]:
    """The shipped automations: late, failed, zombie.

    `notify` is the id of a Prefect notification block; without one the first two are still recorded in Prefect's event
    feed. `late_after`: not started this long after Prefect called it late. `silent_for`: no heartbeat for this long;
    runs beat every 30 seconds (`PREFECT_FLOWS_HEARTBEAT_FREQUENCY`).
    """
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

    late = EventTrigger(
        after={"prefect.flow-run.Late"},
        expect={"prefect.flow-run.Running", *_ENDS},
        match=_ANY_RUN,
        match_related=_TAGGED,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=late_after,
    )
    failed = EventTrigger(
        expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"},
        match=_ANY_RUN,
        match_related=_TAGGED,
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
    )
    zombie = EventTrigger(
        after={_HEARTBEAT},
        expect={_HEARTBEAT, *_ENDS},
        match=_ANY_RUN,
        match_related=_TAGGED,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=silent_for,
    )
    crashed = ChangeFlowRunState(
        state=StateType.CRASHED,
        message="No sign of life: the process was killed or the machine went down. The next run takes up what is owed.",
    )
    return (
        AutomationCore(
            name=LATE,
            description="A scheduled run did not start: is a worker running?",
            trigger=late,
            actions=[_told(notify, "incident-bridge: a run is late")],
        ),
        AutomationCore(
            name=FAILED,
            description="A run ended in an error, or crashed.",
            trigger=failed,
            actions=[_told(notify, "incident-bridge: a run has failed")],
        ),
        AutomationCore(
            name=ZOMBIE,
            description="A run's heartbeats stopped: it is marked as crashed.",
            trigger=zombie,
            actions=[crashed],
        ),
    )


def ensure_automations(wanted: Sequence[AutomationCore]) -> tuple[str, ...]:
    """Create each automation at the Prefect API, or replace the one of that name; their names, in order."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for automation in wanted:
            kept = client.read_automations_by_name(automation.name)
            if not kept:
                client.create_automation(automation)
                continue
            client.update_automation(kept[0].id, automation)
            for double in kept[1:]:
                client.delete_automation(double.id)
    return tuple(automation.name for automation in wanted)


def notification_block(name: str) -> UUID:
    """The id of the notification block that `TYPE/NAME` names, such as `custom-webhook/it-at-night`.

    Raises UnknownNotification.
    """
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    kind, _, own = name.partition("/")
    with get_client(sync_client=True) as client:
        try:
            return client.read_block_document_by_name(own, kind, include_secrets=False).id
        except ObjectNotFound:
            raise UnknownNotification(
                f"Prefect has no notification block '{name}'; `prefect block ls` shows what there is, as TYPE/NAME."
            ) from None


def _told(notify: UUID | None, subject: str) -> SendNotification | DoNothing:
    from prefect.events.actions import DoNothing, SendNotification

    if notify is None:
        return DoNothing()
    return SendNotification(block_document_id=notify, subject=subject, body=_BODY)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m flows.automations [--notify TYPE/NAME]`: 0 done; 1 or 3, no server, with one sentence."""
    parser = argparse.ArgumentParser(prog="python -m flows.automations", description=__doc__.splitlines()[0])
    parser.add_argument("--notify", metavar="TYPE/NAME", help="Prefect notification block that is told")
    chosen = parser.parse_args(arguments)
    if not configured_url():
        sys.stderr.write("PREFECT_API_URL is not set; set it to the address of your Prefect server, ending in /api.\n")
        return 1
    if not answers(configured_url()):
        sys.stderr.write(f"{DOES_NOT_ANSWER}\n")
        return 3
    harden(os.environ)
    try:
        block = notification_block(chosen.notify) if chosen.notify else None
        names = ensure_automations(automations(block))
    except UnknownNotification as why:
        sys.stderr.write(f"{why}\n")
        return 1
    except Exception as why:  # noqa: BLE001 - whatever Prefect says of it, a person can act on this
        sys.stderr.write(f"{PrefectRefused('the automations', type(why).__name__)}\n")
        return 1
    sys.stdout.writelines(f"{name}\n" for name in names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
