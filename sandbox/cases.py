"""What happens in the made-up month: one case an incident, each built to show something.

`ago` is days before the month's end. Cases older than ten days are past every deadline; those of the last hours are
past none. Together they cover every row of the policy's three tables that a source can show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.cast import CastAdult, CastChild, adult, child
from sandbox.story import Story

Report = dict[str, Any]
Change = Callable[[Report], None]


@dataclass(frozen=True)
class Case:
    """One incident to tell. `later`: its revisions, one a wave; `appears_in`: the wave in which it is first seen."""

    ago: float
    children: tuple[int, ...]
    adults: tuple[int, ...]
    tell: Callable[[Story], None]
    minutes: float = 4
    technique: str = "Low level seated hold"
    position: str = "Seated"
    spoil: Change | None = None
    later: Sequence[Change] = ()
    appears_in: int = 0
    behind_minutes: float | None = None
    """A late commit's `modifiedAt`: so many minutes before what was already served; None: its natural one."""

    def cast(self) -> tuple[list[CastChild], list[CastAdult]]:
        """Who is in it."""
        return [child(n) for n in self.children], [adult(n) for n in self.adults]


def plain(story: Story) -> None:
    story.mark("plain")


def _late(*duties: str, serious: bool = False) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        if serious:
            story.serious(police=True)
        story.late(*duties)

    return tell


def _never(*duties: str, serious: bool = False) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        if serious:
            story.serious()
        story.never(*duties)

    return tell


def _late_care(story: Story) -> None:
    story.late("medical_offered", "staff_debrief")
    story.after("medical_told", 31)


def _views_after_target(story: Story) -> None:
    story.after("child_views", 60)
    story.mark("duty:child_views:after_target")


def _views_declined(story: Story) -> None:
    story.child()["views"] = {"declined": "Yes", "spokenToBy": story.adults[-1].name}
    story.mark("views:declined")


def _not_seen(story: Story) -> None:
    story.child()["medical"] = {"seen": "No"}
    story.never("external_review")


def _nurse_not_told(story: Story) -> None:
    story.child()["medical"] = {"toldOfRestraint": "No"}
    story.plan["medical_told"] = 1.5
    story.mark("duty:medical_told:overdue")


def _everything_overdue(story: Story) -> None:
    story.serious()
    story.mark("lado:2", "lado:2:child")
    story.never(*(duty for duty in story.plan if duty != "incident_report"))
    story.allegation("Child", about=story.adults[0])


def _disengaged(story: Story) -> None:
    story.disengagement()


def _disengaged_unapproved(story: Story) -> None:
    story.disengagement("Disengagement: bite", "SeriousDamageToProperty")
    story.mark("flag:unapproved_technique")


def _disengaged_for_compliance(story: Story) -> None:
    story.disengagement("Disengagement: clothing", "Compliance")
    story.mark("flag:purpose_not_permitted")


def _good_order(story: Story) -> None:
    story.report["reasons"] = ["GoodOrderAndDiscipline"]
    story.mark("flag:purpose_not_permitted")


def _absconding(story: Story) -> None:
    story.report["reasons"] = ["Absconding"]
    story.mark("purpose:absconding_from_a_secure_home")


def _flag(*flags: str) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.mark(*(f"flag:{flag}" for flag in flags))

    return tell


def _injured_child(story: Story) -> None:
    story.child().update(injured="Yes", injuryDetails="Graze to left elbow, cleaned, plaster.")
    story.mark("lado:1", "lado:1:injury")


def _hurt_breathing(story: Story) -> None:
    story.measure()["breathingAffected"] = "Yes"
    story.mark("lado:1", "lado:1:breathing", "flag:prohibited_technique")
    story.never("lado_contact")


def _pain(story: Story) -> None:
    story.measure()["painComplaint"] = "Yes"
    story.mark("lado:1", "lado:1:pain", "flag:pain")
    story.late("lado_contact")


def _prone(story: Story) -> None:
    story.serious()
    story.mark("lado:3", "lado:3:prone", "flag:prohibited_technique", "flag:unapproved_technique")


def _force(story: Story) -> None:
    story.mark("lado:1", "lado:1:force", "lado:2", "lado:2:child", "lado:several")
    story.allegation("Child", about=story.adults[1], force="Yes")


def _parent_complains(story: Story) -> None:
    story.mark("lado:2", "lado:2:parent")
    story.never("mash_or_police")
    story.allegation("Parent", about=story.adults[0], hours=26)


def _professional_reports(story: Story) -> None:
    story.mark("lado:3", "lado:3:professional")
    story.allegation("Professional", about=story.adults[0])


def _two_adults(story: Story) -> None:
    story.mark("lado:2", "lado:2:child", "lado:two_adults")
    for about in story.adults[:2]:
        story.allegation("Child", about=about)


def _no_named_adult(story: Story) -> None:
    story.mark("lado:2", "lado:2:child", "lado:no_named_adult")
    story.allegation("Child", about=None)


def _about_the_manager(story: Story) -> None:
    story.mark("lado:2", "lado:2:child", "lado:manager")
    story.never("manager_notified", "manager_oversight")
    story.allegation("Child", about=story.adults[0])


def _fresh_and_grave(story: Story) -> None:
    """Hours ago: everything is still open."""
    story.serious(police=True)
    story.mark("lado:2", "lado:2:child")
    story.never(*(duty for duty in story.plan if duty != "incident_report"))
    story.plan["incident_report"] = 0.5
    story.allegation("Child", about=story.adults[0], hours=0.3)


def _fresh(story: Story) -> None:
    story.plan["incident_report"] = 0.5


def _fresh_and_incomplete(story: Story) -> None:
    story.plan["incident_report"] = 0.5
    story.report["effectiveness"] = ""
    story.mark("incomplete")


def _incomplete(story: Story) -> None:
    story.report["effectiveness"] = story.report["deEscalation"] = ""
    story.mark("incomplete")


def _draft(story: Story) -> None:
    story.never("incident_report", "manager_oversight", "external_review")
    story.mark("status:draft")


def _void(story: Story) -> None:
    story.report["status"] = "Void"
    story.mark("status:kept", "status:void")


def _exempt(days: int) -> Callable[[Story], None]:
    """The plan names the measure for routine use, and was reviewed so many days before."""

    def tell(story: Story) -> None:
        story.child()["ehcPlan"] = {
            "routineRestraint": "Yes",
            "techniques": ["Escort"],
            "reviewedOn": (story.at - timedelta(days=days)).date().isoformat(),
        }
        story.mark("exempt", f"duty:ehc_plan_review:{'met' if days < 365 else 'overdue'}")

    return tell


def _not_exempt(story: Story) -> None:
    """There is a plan, but it does not cover this."""
    _exempt(30)(story)
    story.marks -= {"exempt", "duty:ehc_plan_review:met"}


def _exemption_ended(story: Story) -> None:
    _not_exempt(story)
    story.child().update(injured="Yes", injuryDetails="Bruise on shin, seen by nurse.")
    story.mark("exemption:ended_by_injury", "lado:1", "lado:1:injury")


def _plan_names_another_technique(story: Story) -> None:
    _not_exempt(story)
    story.mark("exemption:other_technique")


def _second_present(story: Story) -> None:
    story.child(1)["role"] = "Present"
    story.mark("children:two", "children:present")


def _both_held(story: Story) -> None:
    second = {**story.measure(), "heldChildId": story.child(1)["childId"], "technique": "Medium level standing hold"}
    story.report["measures"].append({**second, "position": "Standing"})
    story.mark("children:two", "children:both_held")


def _second_injured(story: Story) -> None:
    story.child(1).update(role="Injured", injured="Yes", injuryDetails="Scratch on the neck, from the other child.")
    story.mark("children:two", "children:injured_only")


def _measure_names_nobody(story: Story) -> None:
    del story.measure()["heldChildId"]
    story.mark("measure:names_nobody")


def _by_mail(story: Story) -> None:
    story.never("manager_notified", "social_worker_notified", "parents_informed")
    story.child()["parentsInformed"] = {"required": "Yes", "contactEmail": "parent@example-family.example"}
    story.mark("mail:manager", "mail:social_worker", "mail:parent")


def _by_mail_serious(story: Story) -> None:
    story.serious()
    story.never("manager_notified", "social_worker_notified", "senior_manager_notified")
    story.mark("mail:senior_manager")


def _record(state: str) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.mark(f"person:{state}")

    return tell


def _oversight_comes_later(story: Story) -> None:
    story.never("manager_oversight", "external_review")
    story.mark("later:oversight")


# ---- what goes wrong at the source ----


def _unknown_word(report: Report) -> None:
    report["interventionType"] = "Physical intervention"


def _missing_key(report: Report) -> None:
    del report["children"]


def _impossible_date(report: Report) -> None:
    report["children"][0]["dateOfBirth"] = "2011-02-30"


def _wrong_type(report: Report) -> None:
    report["measures"][0]["durationMinutes"] = "about ten"


# ---- what changes later ----


def _add_oversight(report: Report) -> None:
    report["status"] = "SignedOff"
    report["managerOversight"] = {
        "at": report["modifiedAt"],
        "by": "Pat Example",
        "comments": "Read with the team. Offer the courtyard earlier next time.",
    }


def _more_narrative(report: Report) -> None:
    report["narrative"] += " Added by day staff: the window was boarded and reported."


def _less_narrative(report: Report) -> None:
    report["narrative"] = report["narrative"].removesuffix(" Added by day staff: the window was boarded and reported.")


def _made_void(report: Report) -> None:
    report["status"] = "Void"


def _back_to_draft(report: Report) -> None:
    report["status"] = "Draft"


def _injury_found(report: Report) -> None:
    report["children"][0].update(injured="Yes", injuryDetails="Bruise to upper arm, seen by nurse the next morning.")


def _finished_draft(report: Report) -> None:
    report["status"] = "Submitted"
    report["submittedAt"] = report["modifiedAt"]


def _untouched(report: Report) -> None:
    """Saved again without a change: only the version and the time move."""
    report["seenBy"] = "Pat Example"


CASES: tuple[Case, ...] = (
    # -- late, overdue, complete: old enough that nothing is open --
    Case(29.2, (1,), (2, 3), plain),
    Case(28.6, (2,), (3, 5, 4), _late("incident_report", "manager_oversight")),
    Case(27.9, (3,), (2, 5), _late("manager_notified", "social_worker_notified")),
    Case(27.1, (5,), (3, 9), _late("parents_informed", "child_views", "advocacy_offered")),
    Case(26.4, (6,), (2, 9), _late("senior_manager_notified", "notifiable_event", serious=True)),
    Case(25.8, (13,), (3, 2), _late_care),
    Case(25.3, (17,), (5, 9), _late("restorative_conversation", "risk_assessment_reviewed", "care_plan_reviewed")),
    Case(24.5, (18,), (2, 3), _everything_overdue),
    Case(23.7, (19,), (9, 3), _never("child_views", "advocacy_offered", "restorative_conversation")),
    Case(23.1, (20,), (2, 9), _never("staff_debrief", "medical_offered", "medical_told", "manager_oversight")),
    Case(22.4, (4,), (3, 2), _never("risk_assessment_reviewed", "care_plan_reviewed", "external_review")),
    Case(21.9, (16,), (5, 2), _never("senior_manager_notified", "notifiable_event", serious=True)),
    Case(21.2, (1,), (2, 3), _views_after_target),
    Case(20.6, (15,), (9, 2), _views_declined),
    Case(20.1, (6,), (3, 5), _not_seen),
    Case(19.5, (17,), (2, 5), _nurse_not_told),
    Case(18.9, (13,), (5, 3), _incomplete),
    # -- disengagements and flags --
    Case(18.3, (2,), (3,), _disengaged),
    Case(17.8, (5,), (9,), _disengaged_unapproved, technique="Disengagement: bite"),
    Case(17.2, (20,), (2,), _disengaged_for_compliance),
    Case(16.9, (3,), (2, 9), _good_order),
    Case(16.4, (2,), (3, 5), _absconding, technique="Escort", position="Escort"),
    Case(15.9, (18,), (2, 3), _flag("unapproved_technique"), technique="Figure of four"),
    Case(15.3, (19,), (6, 3), _flag("training_lapsed")),
    Case(14.8, (1,), (7, 2), _flag("training_unknown")),
    Case(14.2, (13,), (2, 5), _flag("long_hold"), minutes=17),
    Case(13.9, (13,), (3, 9), _flag("repeat")),
    # -- LADO --
    Case(13.4, (5,), (2, 3), _injured_child),
    Case(13.0, (6,), (5, 9), _hurt_breathing),
    Case(12.6, (17,), (3, 2), _pain),
    Case(12.1, (3,), (4, 10), _prone, technique="Ground hold", position="Prone"),
    Case(11.7, (1,), (2, 9), _force),
    Case(11.2, (4,), (3, 5), _parent_complains),
    Case(10.8, (20,), (9, 2), _professional_reports),
    Case(9.7, (16,), (2, 5), _two_adults),
    Case(9.1, (18,), (3, 9), _no_named_adult),
    Case(8.4, (2,), (1, 2), _about_the_manager),
    # -- EHC plans --
    Case(15.6, (7,), (2, 3), _exempt(30), technique="Escort", position="Escort"),
    Case(9.4, (7,), (5, 9), _exempt(430), technique="Escort", position="Escort"),
    Case(6.2, (7,), (3, 2), _exemption_ended, technique="Escort", position="Escort"),
    Case(12.9, (7,), (2, 9), _plan_names_another_technique),
    # -- two children, and every kind of Mosaic record --
    Case(8.9, (1, 2), (2, 3), _second_present),
    Case(7.6, (5, 6), (2, 9), _both_held),
    Case(6.8, (3, 19), (3, 5), _second_injured),
    Case(6.5, (15,), (9, 3), _measure_names_nobody),
    Case(5.9, (8,), (2, 3), _record("restricted")),
    Case(5.5, (9,), (5, 9), _record("merged")),
    Case(5.1, (10,), (3, 2), _record("locked")),
    Case(4.7, (11,), (2, 5), _record("missing")),
    Case(4.3, (12,), (9, 3), _record("none")),
    Case(3.9, (14,), (2, 3), _record("none")),
    # -- who is told by mail --
    Case(3.4, (17,), (3, 5), _by_mail),
    Case(2.9, (20,), (2, 9), _by_mail_serious),
    # -- hours ago: nothing is late yet --
    Case(0.30, (18,), (3, 2), _fresh_and_grave),
    Case(0.26, (5,), (5, 9), _fresh),
    Case(0.21, (1,), (2, 3), _fresh_and_incomplete),
    # -- drafts and voids --
    Case(11.0, (6,), (9, 2), _draft),
    Case(0.18, (13,), (3, 5), _draft, later=(_finished_draft,)),
    Case(10.4, (16,), (2, 5), _void),
    # -- broken at the source --
    Case(7.2, (4,), (3, 9), plain, spoil=_unknown_word),
    Case(6.0, (19,), (2, 3), plain, spoil=_missing_key),
    Case(5.3, (20,), (5, 2), plain, spoil=_impossible_date),
    Case(4.9, (2,), (9, 3), plain, spoil=_wrong_type),
    # -- what comes or changes later --
    Case(4.1, (16,), (2, 3), _oversight_comes_later, later=(_add_oversight,)),
    Case(3.6, (4,), (3, 5), plain, later=(_more_narrative, _less_narrative)),
    Case(3.1, (19,), (2, 9), plain, later=(_made_void,)),
    Case(2.6, (6,), (5, 3), plain, later=(_back_to_draft, _finished_draft)),
    Case(2.2, (3,), (2, 5), plain, later=(_injury_found,)),
    Case(1.8, (15,), (9, 2), plain, later=(_untouched,)),
    Case(2.4, (20,), (3, 2), plain, appears_in=1, behind_minutes=20),
    Case(9.9, (15,), (2, 9), plain, appears_in=1),
)
