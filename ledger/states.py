"""The life of a delivery: the only table that says which step may follow which.

A state answers one question: what may be at the target now?

    pending            proven not there: safe to send
    sending            a worker holds it under a lease: may be there at any moment
    uncertain          may be there: looked up, never sent, until two looks a settling time apart found nothing
    accepted           the target said so, or a look-up found it
    verified           a later, independent read found it: right child, right text, finished
    rejected           refused, proven not there: a person must look
    awaiting_approval  a LADO package that waits for a named manager
    superseded         no longer owed, and says why; never sent

`docs/how-delivery-works.md` shows this table; a test keeps the two the same.
"""

from __future__ import annotations

from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    PENDING = "pending"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"
    VERIFIED = "verified"
    REJECTED = "rejected"
    AWAITING_APPROVAL = "awaiting_approval"
    SUPERSEDED = "superseded"


class Event(StrEnum):
    """What happened to a delivery."""

    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    NOT_APPLIED = "not_applied"
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    LEASE_EXPIRED = "lease_expired"
    LOOK_FOUND = "look_found"
    LOOK_ABSENT = "look_absent"
    LOOK_ABSENT_AGAIN = "look_absent_again"
    LOOK_FAILED = "look_failed"
    REPEATABLE = "repeatable"
    READ_BACK = "read_back"
    READDRESSED = "readdressed"
    PACKAGE_WRITTEN = "package_written"
    APPROVED = "approved"
    SENT_BY_PERSON = "sent_by_person"
    DECLINED = "declined"
    RETRIED = "retried"
    DOUBTED = "doubted"
    WITHDRAWN = "withdrawn"
    REFUSED_LATER = "refused_later"


_S = DeliveryState

#: (state, event) -> next state. What is not here cannot happen.
TRANSITIONS: dict[tuple[DeliveryState, Event], DeliveryState] = {
    # a worker takes it: the ledger says `sending` before the first byte leaves
    (_S.PENDING, Event.CLAIMED): _S.SENDING,
    # the answer came and was recorded under the same fencing number
    (_S.SENDING, Event.ACCEPTED): _S.ACCEPTED,
    (_S.SENDING, Event.NOT_APPLIED): _S.PENDING,
    (_S.SENDING, Event.AMBIGUOUS): _S.UNCERTAIN,
    (_S.SENDING, Event.REFUSED): _S.REJECTED,
    (_S.SENDING, Event.PACKAGE_WRITTEN): _S.AWAITING_APPROVAL,
    # no answer was recorded in time: the worker died, or could not write down what it knew
    (_S.SENDING, Event.LEASE_EXPIRED): _S.UNCERTAIN,
    # look-ups: the only way out of doubt
    (_S.UNCERTAIN, Event.LOOK_FOUND): _S.ACCEPTED,
    (_S.UNCERTAIN, Event.LOOK_ABSENT): _S.UNCERTAIN,
    (_S.UNCERTAIN, Event.LOOK_ABSENT_AGAIN): _S.PENDING,
    (_S.UNCERTAIN, Event.LOOK_FAILED): _S.UNCERTAIN,
    # a target that cannot be looked up repeats with the same Message-ID, after the settling time, and says so
    (_S.UNCERTAIN, Event.REPEATABLE): _S.PENDING,
    # reconciliation read it back
    (_S.ACCEPTED, Event.READ_BACK): _S.VERIFIED,
    # staff put another Mosaic id into the report: it was not seen on that record
    (_S.VERIFIED, Event.READDRESSED): _S.ACCEPTED,
    # a bounce or a final failure that came later (RULINGS 16)
    (_S.ACCEPTED, Event.REFUSED_LATER): _S.REJECTED,
    # a person about people: the LADO desk
    (_S.AWAITING_APPROVAL, Event.APPROVED): _S.ACCEPTED,
    (_S.AWAITING_APPROVAL, Event.DECLINED): _S.SUPERSEDED,
    (_S.ACCEPTED, Event.SENT_BY_PERSON): _S.VERIFIED,
    # a person asks for another try: what was refused is proven not there
    (_S.REJECTED, Event.RETRIED): _S.PENDING,
    (_S.REJECTED, Event.DOUBTED): _S.UNCERTAIN,
    # after a restore nobody knows what was sent since the backup
    (_S.PENDING, Event.DOUBTED): _S.UNCERTAIN,
    (_S.SENDING, Event.DOUBTED): _S.UNCERTAIN,
    # no longer owed; only what is proven not there can be withdrawn
    (_S.PENDING, Event.WITHDRAWN): _S.SUPERSEDED,
    (_S.REJECTED, Event.WITHDRAWN): _S.SUPERSEDED,
    (_S.AWAITING_APPROVAL, Event.WITHDRAWN): _S.SUPERSEDED,
}

#: Nothing more happens by itself. A later revision of the same incident may go out after one of the first two.
FINAL = frozenset({_S.ACCEPTED, _S.VERIFIED, _S.SUPERSEDED})
#: Something is, or may be, at the target.
MAY_BE_THERE = frozenset({_S.SENDING, _S.UNCERTAIN, _S.ACCEPTED, _S.VERIFIED})
#: Left over when a run ends: needs a person or another run (exit code 2, RULINGS 19).
LEFT_OVER = frozenset({_S.PENDING, _S.SENDING, _S.UNCERTAIN, _S.REJECTED})


class ImpossibleTransition(Exception):
    """A delivery cannot go that way; the ledger is unchanged."""


def after(state: DeliveryState, event: Event) -> DeliveryState:
    """The state that follows. Raises ImpossibleTransition for a step the table does not have."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ImpossibleTransition(f"A delivery that is {state} cannot be {event}.") from None
