"""The project's own Incident: one Safety Intervention Incident Report, whatever the source called its fields.

Every datetime is aware and in UTC. Wall-clock times of the source were read as Europe/London; the ones that
did not exist or existed twice are named in `clock_troubles` (RULINGS 10). `None` and `Answer.UNANSWERED`
mean that the source said nothing, never "no".
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_LONGEST_PERSON_ID = 18


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment


Moment = Annotated[datetime, AfterValidator(_aware)]


class Status(StrEnum):
    """Where a report is in its life at the source."""

    DRAFT = "Draft"
    SUBMITTED = "Submitted"
    SIGNED_OFF = "SignedOff"
    VOID = "Void"


class Answer(StrEnum):
    """A yes/no question as staff answer it. "N/A" answers nothing, anywhere (RULINGS 25)."""

    YES = "Yes"
    NO = "No"
    NOT_APPLICABLE = "N/A"
    UNANSWERED = ""


class Intervention(StrEnum):
    """What kind of safety intervention it was; a disengagement is NonRestrictive."""

    RESTRICTIVE = "Restrictive"
    NON_RESTRICTIVE = "NonRestrictive"


class Reason(StrEnum):
    """Why staff intervened."""

    INJURY_TO_SELF = "InjuryToSelf"
    INJURY_TO_OTHERS = "InjuryToOthers"
    SERIOUS_DAMAGE = "SeriousDamageToProperty"
    ABSCONDING = "Absconding"
    GOOD_ORDER = "GoodOrderAndDiscipline"
    COMPLIANCE = "Compliance"
    OTHER = "Other"


class Position(StrEnum):
    """The child's position under a measure."""

    STANDING = "Standing"
    SEATED = "Seated"
    KNEELING = "Kneeling"
    SUPINE = "Supine"
    PRONE = "Prone"
    SIDE = "Side"
    ESCORT = "Escort"
    UNKNOWN = "Unknown"


class Involvement(StrEnum):
    """What an adult did in the incident."""

    USED_MEASURE = "UsedMeasure"
    PRESENT = "Present"
    WITNESS = "Witness"
    ON_DUTY = "OnDuty"


class ChildRole(StrEnum):
    """What happened to a child in the incident."""

    HELD = "Held"
    DISENGAGED = "Disengaged"
    PRESENT = "Present"
    INJURED = "Injured"


class RaisedBy(StrEnum):
    """Who made an allegation."""

    CHILD = "Child"
    PARENT = "Parent"
    CARER = "Carer"
    PROFESSIONAL = "Professional"
    OTHER_ADULT = "OtherAdult"
    OTHER_CHILD = "OtherChild"


class NotifiableDecision(StrEnum):
    """The registered person's decision on a notifiable event (reg 40)."""

    NOTIFY = "Notify"
    DO_NOT_NOTIFY = "DoNotNotify"
    UNDECIDED = ""


class ClockTroubleKind(StrEnum):
    """What was wrong with a UK wall-clock time."""

    MISSING = "missing"  # the clocks went forward over it
    TWICE = "twice"  # the clocks went back over it


class Frozen(BaseModel):  # noqa: PLW1641 - pydantic makes the hash of what is frozen
    """Immutable, and strict about keys. Its repr shows no field: reports hold children's data."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """As pydantic compares; one is itself without a look, which is how most parts of a report are compared."""
        return self is other or super().__eq__(other)


class ClockTrouble(Frozen):
    """A wall-clock time that the UK did not have, or had twice. `field` is the Incident's dotted path."""

    field: str
    kind: ClockTroubleKind


class Measure(Frozen):
    """One technique used on a child. `child_id` empty: it belongs to every child with role Held (RULINGS 9)."""

    technique: str
    position: Position = Position.UNKNOWN
    child_id: str = ""
    started_at: Moment | None = None
    duration_minutes: float | None = Field(default=None, ge=0, le=60 * 24 * 7)
    staff_ids: tuple[str, ...] = ()
    breathing_affected: Answer = Answer.UNANSWERED
    pain_complaint: Answer = Answer.UNANSWERED


class StaffMember(Frozen):
    """An adult named in the report. `training_expires`: the CPI refresher, good to the end of that day."""

    staff_id: str
    name: str
    role: str = ""
    involvement: Involvement | None = None
    training_expires: date | None = None
    injured: Answer = Answer.UNANSWERED
    injury_details: str = ""


class SocialWorker(Frozen):
    """The child's allocated social worker, if the record names one."""

    name: str = ""
    email: str = ""
    phone: str = ""
    notified_at: Moment | None = None


class ParentsInformed(Frozen):
    """Whether and how parents were told. For a fully accommodated child, No with `decided_by` is a decision."""

    required: Answer = Answer.UNANSWERED
    decided_by: str = ""
    informed_at: Moment | None = None
    informed_by: str = ""
    contact_email: str = ""


class EhcPlan(Frozen):
    """What the child's EHC plan says about routine restraint."""

    routine_restraint: Answer = Answer.UNANSWERED
    techniques: tuple[str, ...] = ()
    reviewed_on: date | None = None


class Medical(Frozen):
    """The offer of a nurse or doctor, and what came of it."""

    offered: Answer = Answer.UNANSWERED
    offered_at: Moment | None = None
    seen: Answer = Answer.UNANSWERED
    seen_by: str = ""
    seen_at: Moment | None = None
    told_of_restraint: Answer = Answer.UNANSWERED
    outcome: str = ""


class Views(Frozen):
    """The child's own account."""

    recorded_at: Moment | None = None
    declined: Answer = Answer.UNANSWERED
    text: str = ""
    spoken_to_by: str = ""


class RestorativeConversation(Frozen):
    """The conversation after the intervention, with the child's word on what would have helped."""

    held_at: Moment | None = None
    feedback: str = ""
    alternative_de_escalation: str = ""


class Child(Frozen):
    """A child in the report. `mosaic_person_id` is what the source wrote; `mosaic_person()` reads it (RULINGS 21)."""

    child_id: str
    name: str
    mosaic_person_id: str = ""
    date_of_birth: date | None = None
    role: ChildRole | None = None
    legal_status: str = ""
    fully_accommodated: Answer = Answer.UNANSWERED
    placing_authority: str = ""
    social_worker: SocialWorker = SocialWorker()
    parents_informed: ParentsInformed = ParentsInformed()
    ehc_plan: EhcPlan = EhcPlan()
    injured: Answer = Answer.UNANSWERED
    injury_details: str = ""
    medical: Medical = Medical()
    views: Views = Views()
    advocacy_offered_at: Moment | None = None
    restorative_conversation: RestorativeConversation = RestorativeConversation()
    risk_assessment_reviewed_at: Moment | None = None
    care_plan_reviewed_at: Moment | None = None

    def mosaic_person(self) -> int | None:
        """The Mosaic person id, or None where a person has to be asked for it (digits only, RULINGS 21)."""
        text = self.mosaic_person_id.strip().lstrip("0")
        if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_PERSON_ID:
            return None
        return int(text) or None


class Allegation(Frozen):
    """An allegation or complaint. `about_staff_id` empty: the adult is "to be identified"."""

    raised_by: RaisedBy
    summary: str
    raised_by_name: str = ""
    raised_at: Moment | None = None
    about_staff_id: str = ""
    concerning_child_id: str = ""
    excessive_force: Answer = Answer.UNANSWERED
    mash_referred: Answer = Answer.UNANSWERED
    police_referred: Answer = Answer.UNANSWERED


class StaffDebrief(Frozen):
    """The talk with a senior member of the team, within 48 hours."""

    held_at: Moment | None = None
    with_name: str = ""
    with_role: str = ""


class ManagerOversight(Frozen):
    """The manager's oversight of the report (reg 35(3)(b))."""

    at: Moment | None = None
    by: str = ""
    comments: str = ""


class NotifiableEvent(Frozen):
    """The consideration of a notifiable event (reg 40)."""

    considered_at: Moment | None = None
    by: str = ""
    decision: NotifiableDecision = NotifiableDecision.UNDECIDED
    notified_at: Moment | None = None


class ExternalReview(Frozen):
    """A look at the report by an external manager or a CPI instructor."""

    at: Moment | None = None
    by: str = ""
    role: str = ""


class LadoContact(Frozen):
    """The contact with the LADO, as the source records it."""

    notified_at: Moment | None = None
    reference: str = ""


class Incident(Frozen):
    """One report, as it was at one moment of its life."""

    incident_id: str = Field(min_length=1)
    number: str = Field(min_length=1)
    home_id: str = Field(min_length=1)
    home_name: str = ""
    status: Status
    version: int = Field(ge=1)
    created_at: Moment
    created_by: str = ""
    modified_at: Moment
    submitted_at: Moment | None = None
    signed_off_at: Moment | None = None
    occurred_at: Moment
    location: str = ""
    intervention: Intervention
    planned: Answer = Answer.UNANSWERED
    reasons: tuple[Reason, ...] = ()
    behaviour_before: str = ""
    de_escalation: str = ""
    measures: tuple[Measure, ...] = ()
    effectiveness: str = ""
    consequences: str = ""
    narrative: str = ""
    police_called: Answer = Answer.UNANSWERED
    emergency_services_called: Answer = Answer.UNANSWERED
    serious_incident: Answer = Answer.UNANSWERED
    staff: tuple[StaffMember, ...] = ()
    children: tuple[Child, ...] = Field(min_length=1)
    allegations: tuple[Allegation, ...] = ()
    staff_debrief: StaffDebrief = StaffDebrief()
    manager_notified_at: Moment | None = None
    manager_oversight: ManagerOversight = ManagerOversight()
    senior_manager_notified_at: Moment | None = None
    notifiable_event: NotifiableEvent = NotifiableEvent()
    external_review: ExternalReview = ExternalReview()
    lado: LadoContact = LadoContact()
    clock_troubles: tuple[ClockTrouble, ...] = ()

    @property
    def is_restrictive(self) -> bool:
        """Whether the report calls the intervention restrictive."""
        return self.intervention is Intervention.RESTRICTIVE

    @property
    def people(self) -> frozenset[str]:
        """Ids of everybody whom the report names, adults included whom its list of staff lacks."""
        ids = [child.child_id for child in self.children] + [member.staff_id for member in self.staff]
        ids += [staff_id for measure in self.measures for staff_id in measure.staff_ids]
        ids += [allegation.about_staff_id for allegation in self.allegations]
        return frozenset(one.strip() for one in ids) - {""}

    def child(self, child_id: str) -> Child | None:
        """The child with this id, if the report has it."""
        for child in self.children:
            if child.child_id == child_id:
                return child
        return None

    def staff_member(self, staff_id: str) -> StaffMember | None:
        """The adult with this id, if the report has one."""
        for member in self.staff:
            if member.staff_id == staff_id:
                return member
        return None
