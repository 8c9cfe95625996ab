"""Who gets a mail about an incident, for which duty, and what it says.

One mail a person and duty (for a social worker or a parent: a child), planned where the duty's evidence is empty
(RULINGS 18). A person who is an adult of concern in the incident gets none; the next person up does (RULINGS 39):
above the registered manager stands the senior manager, and where that is nobody the deputy acts; above the senior
manager the home's file knows nobody. Whoever cannot be mailed is said, with the reason, never skipped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from config.home import Contact, Home
from mappings.adults_of_concern import is_adult_of_concern
from mappings.bodies import MailBody
from mappings.incident import Answer, Child, Incident
from mappings.mail_text import Block, MailText, Rows, mail_text
from mappings.note_sections import DutyLike
from mappings.wording import listed, one_line, readable, sentence

DutyKey = tuple[str, str | None]
"""A duty's id and its child's id, None for a duty of the home."""

#: Duties that send a mail at once; of the others people hear in the digest.
MAILING_DUTIES = frozenset(
    {"manager_notified", "social_worker_notified", "senior_manager_notified", "parents_informed"}
)
_OUR_OWN = frozenset({"daily_log", "mosaic_case_note", "incident_report"})
_THIS_MAIL = frozenset({"manager_notified", "social_worker_notified", "senior_manager_notified"})
#: What a mail never tells: the story that these titles would begin.
_UNTOLD = frozenset({"lado_contact", "mash_or_police", "external_review"})
_NOT_LISTED = _OUR_OWN | _THIS_MAIL | _UNTOLD
#: What a social worker is asked for or may ask after.
_FOR_SOCIAL_WORKERS = frozenset({"parents_informed", "child_views", "advocacy_offered", "care_plan_reviewed"})
_ONE_ADDRESS = re.compile(r"[^\s@<>(),;:\"\\\x00-\x1f\x7f]+@[^\s@<>(),;:\"\\\x00-\x1f\x7f]+")


@dataclass(frozen=True, repr=False)
class PlannedMail:
    """One mail to one person. `subject_key` is the same at every revision: `registered_manager`, `senior_manager`,
    `social_worker:CHILD`, `parent:CHILD`, `also_notify:PLACE:DUTY`. `duties`: those that it meets. `write` makes its
    text, which is asked for only where the mail is sent."""

    subject_key: str
    to: str
    duties: tuple[str, ...]
    child_id: str | None
    write: Callable[[], MailText]

    @property
    def body(self) -> MailBody:
        """The mail, written. Raises ValueError when it would say what no mail may say."""
        text = self.write()
        return MailBody(
            to=self.to, subject=text.subject, text=text.text, html=text.html, duties=self.duties, child_id=self.child_id
        )


@dataclass(frozen=True)
class Undeliverable:
    """A mail that is owed and cannot be sent. `reason` is a sentence for a person, without a name or an address."""

    subject_key: str
    duty: str
    child_id: str | None
    reason: str


@dataclass(frozen=True)
class MailPlan:
    """What to send, and what cannot be sent."""

    mails: tuple[PlannedMail, ...] = ()
    undeliverable: tuple[Undeliverable, ...] = ()


@dataclass(frozen=True, repr=False)
class MailContext:
    """What mails need besides the report and the home's file.

    `unmet`: the duties without evidence, by id and child; those that are not applicable are not among them.
    `initials`: child id -> initials (`home_initials`); `duties`: all duties, for what is owed and by when. A text needs
    both, who gets one does not.
    """

    unmet: Collection[DutyKey]
    initials: Mapping[str, str] = field(default_factory=dict)
    duties: Sequence[DutyLike] = ()


def mails_for(incident: Incident, home: Home, context: MailContext) -> MailPlan:
    """Every mail that this revision owes."""
    mails: dict[tuple[str, str, str | None], PlannedMail] = {}
    failed: list[Undeliverable] = []
    for wanted in (*_wanted(incident, home, context), *_also_notified(incident, home, context)):
        if isinstance(wanted, Undeliverable):
            failed.append(wanted)
        else:
            duty = wanted.duties[0] if wanted.duties else wanted.subject_key.split(":")[-1]
            mails.setdefault((wanted.to.casefold(), duty, wanted.child_id), wanted)
    return MailPlan(tuple(mails.values()), tuple(failed))


def _wanted(incident: Incident, home: Home, context: MailContext) -> Iterator[PlannedMail | Undeliverable]:
    if ("manager_notified", None) in context.unmet:
        up = (home.registered_manager, home.senior_manager, home.deputy)
        yield _to_contact(incident, home, context, "registered_manager", "manager_notified", up)
    if ("senior_manager_notified", None) in context.unmet:
        yield _to_contact(incident, home, context, "senior_manager", "senior_manager_notified", (home.senior_manager,))
    for child in incident.children:
        if ("social_worker_notified", child.child_id) in context.unmet:
            yield _to_social_worker(incident, home, context, child)
        if ("parents_informed", child.child_id) in context.unmet and _parents_want_mail(home, child):
            yield _to_parent(child)


def _to_contact(
    incident: Incident, home: Home, context: MailContext, key: str, duty: str, people: Sequence[Contact | None]
) -> PlannedMail | Undeliverable:
    """To the first of these people who is not an adult of concern."""
    role = key.replace("_", " ")
    if people[0] is None:
        return Undeliverable(key, duty, None, f"The home's file names no {role}; add one.")
    for person in people:
        if person is None or is_adult_of_concern(person.name, incident, email=person.email):
            continue
        if not _one_address(person.email):
            whose = role if person is people[0] else "person who stands in for them"
            return Undeliverable(key, duty, None, f"The home's file gives the {whose} no usable address; add one.")
        instead = "" if person is people[0] else f" You are told in the {role}'s place."
        write = partial(_for_the_home, incident, home, context, duty, instead)
        return PlannedMail(key, person.email.strip(), (duty,), None, write)
    concern = f"The {role} is an adult of concern in this incident and the home's file names nobody else to tell"
    return Undeliverable(key, duty, None, f"{concern}; tell the provider.")


def _to_social_worker(
    incident: Incident, home: Home, context: MailContext, child: Child
) -> PlannedMail | Undeliverable:
    key, duty, worker = f"social_worker:{child.child_id}", "social_worker_notified", child.social_worker
    if worker.name.strip() and is_adult_of_concern(worker.name, incident, email=worker.email):
        return Undeliverable(key, duty, child.child_id, "The social worker is an adult of concern; tell their manager.")
    if not _one_address(worker.email):
        reason = "The report gives no usable address for the child's social worker; ring them and record it."
        return Undeliverable(key, duty, child.child_id, reason)
    write = partial(_for_social_worker, incident, home, context, child)
    return PlannedMail(key, worker.email.strip(), (duty,), child.child_id, write)


def _parents_want_mail(home: Home, child: Child) -> bool:
    """Only where the home's file says so and the record asks for it (RULINGS 26)."""
    told = child.parents_informed
    return home.parents.mail and told.required is Answer.YES and bool(told.contact_email.strip())


def _to_parent(child: Child) -> PlannedMail | Undeliverable:
    key, told = f"parent:{child.child_id}", child.parents_informed
    if not _one_address(told.contact_email):
        reason = "The report's address for the parent or carer cannot be used; ring them and record it."
        return Undeliverable(key, "parents_informed", child.child_id, reason)
    write = partial(mail_text, "Please ring the home", ["Please ring the home."])
    return PlannedMail(key, told.contact_email.strip(), ("parents_informed",), child.child_id, write)


def _also_notified(incident: Incident, home: Home, context: MailContext) -> Iterator[PlannedMail | Undeliverable]:
    """Others who are told whenever a duty mails. Their mail meets no duty: the person who owes it must be told too."""
    for place, person in enumerate(home.also_notify, start=1):
        for duty in person.duties:
            if duty not in MAILING_DUTIES or not any(unmet == duty for unmet, _ in context.unmet):
                continue
            key = f"also_notify:{place}:{duty}"
            if is_adult_of_concern(person.name, incident, email=person.email):
                yield Undeliverable(key, duty, None, "This person is an adult of concern in this incident; not told.")
            elif not _one_address(person.email):
                yield Undeliverable(key, duty, None, "The home's file gives this person no usable address; add one.")
            else:
                write = partial(_for_the_home, incident, home, context, duty)
                yield PlannedMail(key, person.email.strip(), (), None, write)


def _one_address(address: str) -> bool:
    return len(address) <= 254 and _ONE_ADDRESS.fullmatch(address.strip()) is not None


# ---- what the mails say ----------------------------------------------------------------------------------------


def _for_the_home(incident: Incident, home: Home, context: MailContext, duty: str, instead: str = "") -> MailText:
    urgent = duty == "senior_manager_notified"
    children = listed([context.initials[child.child_id] for child in incident.children])
    happened = readable(incident.occurred_at)
    blocks: list[Block] = [
        f"Safety intervention {_number(incident)} at {home.name} was reported. It happened on {happened}.",
        sentence(f"Children in the report: {children}"),
        "Please read the report in the recording system." + (_WITHOUT_DELAY if urgent else instead),
        *_owed(context, None),
        _CLOSING,
    ]
    lead = "For the senior manager" if urgent else "Please read"
    return mail_text(f"{lead}: safety intervention {_number(incident)} at {home.name}", blocks)


def _for_social_worker(incident: Incident, home: Home, context: MailContext, child: Child) -> MailText:
    initials = context.initials[child.child_id]
    happened = readable(incident.occurred_at)
    blocks: list[Block] = [
        f"{initials} was involved in safety intervention {_number(incident)} at {home.name} on {happened}.",
        "The case note on the child's record tells more. Please ring the home with any question.",
        *_owed(context, child.child_id),
        _CLOSING,
    ]
    return mail_text(f"Safety intervention {_number(incident)} at {home.name}: {initials}", blocks)


_WITHOUT_DELAY = " You are told because the policy asks that the senior manager hears of it without delay."
_CLOSING = "This mail was sent by incident-bridge. It leaves the details out on purpose."


def _owed(context: MailContext, child_id: str | None) -> list[Block]:
    """What is still to do and by when: for the home everything, for a social worker what concerns the one child."""
    rows: list[tuple[datetime | None, tuple[str, ...]]] = []
    for duty in context.duties:
        if duty.state not in ("open", "overdue") or duty.id in _NOT_LISTED:
            continue
        if child_id is not None and (duty.child != child_id or duty.id not in _FOR_SOCIAL_WORKERS):
            continue
        whom = context.initials.get(duty.child, "") if duty.child else ""
        due = f"{'overdue since' if duty.state == 'overdue' else 'by'} {readable(duty.due_at)}" if duty.due_at else ""
        rows.append((duty.due_at, (duty.title, whom, due)))
    if not rows:
        return []
    rows.sort(key=lambda row: (row[0] is None, row[0].timestamp() if row[0] else 0.0, row[1]))
    caption = "Still to do" if child_id is None else "Still to do for this child"
    return [Rows(caption, ("What", "For", "When"), tuple(cells for _, cells in rows))]


def _number(incident: Incident) -> str:
    return one_line(incident.number, 40)
