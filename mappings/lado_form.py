"""From an incident and a concern about one adult to the LADO form: each answer from the record, or none.

What the recording system does not know is to be completed by the manager, never guessed. Children whom the concern is
about are named; any other child is "another child (A)" (RULINGS 32). The result depends on the revision and its
approval alone, so the files made from it are byte-stable (RULINGS 33).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.home import Contact, Home
from config.lado_form import CHILD_SECTION, Kind, LadoForm, Question, Section, Source, shipped_form
from mappings import lado_words as words
from mappings.bodies import FormField, LadoPackage
from mappings.incident import Allegation, Answer, Child, Frozen, Incident, Moment, NotifiableDecision, StaffMember
from mappings.lado_triggers import TO_BE_IDENTIFIED, Concern, Trigger
from mappings.said import said
from mappings.uk_time import uk_day

Value = str | tuple[str, ...] | None

Hide = Callable[[str], str]
"""Takes a text, gives it back with every child hidden whom the concern is not about."""


class Approval(Frozen):
    """A named manager's decision to submit, with the answers of RULINGS 27 where the manager gave them."""

    at: Moment
    by: str
    mash: bool | None = None
    police: bool | None = None


@dataclass(frozen=True, repr=False)
class _Matter:
    """Everything that an answer may be read from."""

    incident: Incident
    home: Home
    triggers: Sequence[int]
    adult: StaffMember | None
    named: bool
    children: tuple[Child, ...]
    allegations: tuple[Allegation, ...]
    approval: Approval | None
    hide: Hide

    @property
    def referrer(self) -> Contact | None:
        """Who refers: the registered manager, or the next person up where the concern is about that very person."""
        manager = self.home.registered_manager
        if self.adult is None or not words.same_person(manager.name, self.adult.name):
            return manager
        return self.home.senior_manager


def lado_package(
    incident: Incident,
    concern: Concern,
    home: Home,
    revision: int,
    *,
    hide: Hide,
    approval: Approval | None = None,
    form: LadoForm | None = None,
) -> LadoPackage:
    """One submission for one adult of concern and one revision.

    `hide` hides every child whom the concern is not about. Where the record does not say which child that is, the
    child's section is left to the manager.
    """
    form = form or shipped_form()
    matter = _Matter(
        incident=incident,
        home=home,
        triggers=tuple(concern.triggers),
        adult=incident.staff_member(concern.adult),
        named=concern.adult != TO_BE_IDENTIFIED,
        children=tuple(child for child in incident.children if child.child_id in set(concern.children)),
        allegations=tuple(incident.allegations[index] for index in concern.allegation_indexes),
        approval=approval,
        hide=hide,
    )
    child_section = next(section for section in form.section if section.key == CHILD_SECTION)
    each: list[tuple[Child, ...]] = [(child,) for child in matter.children] or [()]
    sections = tuple(_filled(child_section, matter, children) for children in each)
    fields = tuple(
        field
        for section in form.section
        for field in (sections[0] if section is child_section else _filled(section, matter, matter.children))
    )
    return LadoPackage(
        form=form.form,
        version=form.version,
        incident=incident.number,
        home=incident.home_id,
        incident_id=incident.incident_id,
        revision=revision,
        adult=concern.adult,
        triggers=tuple(sorted(set(concern.triggers))),
        fields=fields,
        ids_are_names=home.pseudonymise_ids,
        children=sections,
    )


def _filled(section: Section, matter: _Matter, children: tuple[Child, ...]) -> tuple[FormField, ...]:
    return tuple(_field(question, section, matter, children) for question in section.fields)


def _field(question: Question, section: Section, matter: _Matter, children: tuple[Child, ...]) -> FormField:
    value = _value(question, matter, children)
    return FormField(
        key=question.key,
        title=question.label,
        value=value,
        source=None if value is None else question.source.value,
        to_be_completed=value is None,
        section=section.key,
        section_title=section.title,
        kind=question.kind.value,
        required=question.required,
        choices=("Yes", "No") if question.kind is Kind.YES_NO else question.choices,
        help=question.help,
    )


def _value(question: Question, matter: _Matter, children: tuple[Child, ...]) -> Value:
    if question.source is Source.TRIGGER:
        return (question.choices[0],) if Trigger.INJURY_OR_FORCE in matter.triggers else None
    if question.source in _OF_CHILD:
        read = _OF_CHILD[question.source]
        return words.by_child([(child.name, read(child, matter)) for child in children])
    return _OF_MATTER[question.source](matter)


# ---- where each answer comes from ------------------------------------------------------------------------------


def _unknown(_: _Matter) -> Value:
    return None


def _referrer(part: Callable[[Contact], str]) -> Callable[[_Matter], Value]:
    return lambda matter: None if matter.referrer is None else words.text(part(matter.referrer))


def _employer(matter: _Matter) -> Value:
    # Nobody knows who employs an adult whom nobody has named.
    return words.text(matter.home.provider) if matter.named else None


def _of_adult(part: Callable[[StaffMember], str]) -> Callable[[_Matter], Value]:
    return lambda matter: None if matter.adult is None else words.text(part(matter.adult))


def _training(matter: _Matter) -> Value:
    if matter.adult is None or matter.adult.training_expires is None:
        return None
    return words.yes_no(matter.adult.training_expires >= uk_day(matter.incident.occurred_at))


def _raised_by(matter: _Matter) -> Value:
    if not matter.allegations:
        return "the home's own record"
    return words.raisers(matter.allegations, {child.name for child in matter.children}, matter.hide)


def _raised_at(matter: _Matter) -> Value:
    moments = [allegation.raised_at for allegation in matter.allegations if allegation.raised_at is not None]
    return words.wall_clock(min(moments)) if moments else None


def _summary(matter: _Matter) -> Value:
    if matter.allegations:
        return words.allegations(matter.allegations, matter.hide)
    if not said(matter.incident.narrative):
        return None
    narrative = matter.hide(matter.incident.narrative.strip())
    return f"No allegation about this adult is recorded. The home's own record says: {narrative}"


def _referral(
    answers: Callable[[Allegation], Answer], approved: Callable[[Approval], bool | None]
) -> Callable[[_Matter], Value]:
    def read(matter: _Matter) -> Value:
        given = [answers(allegation) for allegation in matter.allegations]
        word = None if matter.approval is None else approved(matter.approval)
        if Answer.YES in given or word is True:
            return "Yes"
        return "No" if Answer.NO in given or word is False else None

    return read


def _ofsted(matter: _Matter) -> Value:
    event = matter.incident.notifiable_event
    if event.notified_at is not None:
        return "Yes"
    return "No" if event.decision is NotifiableDecision.DO_NOT_NOTIFY else None


_OF_MATTER: dict[Source, Callable[[_Matter], Value]] = {
    Source.MANAGER: _unknown,
    Source.APPROVAL_AT: lambda m: None if m.approval is None else uk_day(m.approval.at).isoformat(),
    Source.REFERRER_NAME: _referrer(lambda contact: contact.name),
    Source.REFERRER_ROLE: _referrer(lambda contact: contact.role),
    Source.REFERRER_EMAIL: _referrer(lambda contact: contact.email),
    Source.REFERRER_PHONE: _referrer(lambda contact: contact.phone),
    Source.HOME_NAME: lambda m: words.text(m.home.name),
    Source.HOME_ADDRESS: lambda m: words.text(m.home.address),
    Source.HOME_PROVIDER: _employer,
    Source.STAFF_NAME: _of_adult(lambda member: member.name),
    Source.STAFF_ROLE: _of_adult(lambda member: member.role),
    Source.STAFF_TRAINING: _training,
    Source.INCIDENT_NUMBER: lambda m: words.text(m.incident.number),
    Source.INCIDENT_OCCURRED_AT: lambda m: words.wall_clock(m.incident.occurred_at),
    Source.INCIDENT_LOCATION: lambda m: words.text(m.hide(m.incident.location)),
    Source.INCIDENT_IS_RESTRICTIVE: lambda m: words.yes_no(m.incident.is_restrictive),
    Source.INCIDENT_MEASURES: lambda m: words.measures(m.incident, m.children, m.hide),
    Source.INCIDENT_INJURIES: lambda m: words.injuries(m.incident, m.children, m.hide),
    Source.INCIDENT_WITNESSES: lambda m: words.witnesses(m.incident, m.adult, m.children, m.hide),
    Source.INCIDENT_NOTIFIABLE_EVENT: _ofsted,
    Source.ALLEGATION_RAISED_BY: _raised_by,
    Source.ALLEGATION_RAISED_AT: _raised_at,
    Source.ALLEGATION_SUMMARY: _summary,
    Source.ALLEGATION_MASH: _referral(lambda a: a.mash_referred, lambda approval: approval.mash),
    Source.ALLEGATION_POLICE: _referral(lambda a: a.police_referred, lambda approval: approval.police),
}

_OF_CHILD: dict[Source, Callable[[Child, _Matter], str | None]] = {
    Source.CHILD_NAME: lambda child, _: words.text(child.name),
    Source.CHILD_DATE_OF_BIRTH: lambda child, _: child.date_of_birth.isoformat() if child.date_of_birth else None,
    Source.CHILD_MOSAIC_ID: lambda child, _: str(child.mosaic_person() or "") or None,
    Source.CHILD_LEGAL_STATUS: lambda child, _: words.text(child.legal_status),
    Source.CHILD_PLACING_AUTHORITY: lambda child, _: words.text(child.placing_authority),
    Source.CHILD_SOCIAL_WORKER: lambda child, _: words.social_worker(child),
    Source.CHILD_VIEWS: lambda child, m: words.views(child, m.hide),
    Source.CHILD_PARENTS_INFORMED: lambda child, m: words.parents_informed(child, m.hide),
    Source.CHILD_MEDICAL: lambda child, m: words.medical(child, m.hide),
}
