"""Who hears what: mails, digests and the LADO desk, read from the inboxes and the folder."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.black_box.bridge import Town
from tests.black_box.stories import (
    CHILD,
    MANAGER,
    MANAGER_MAIL,
    MARKS,
    OTHER,
    SENIOR_MAIL,
    STAFF,
    WORKER_MAIL,
    accused,
    ago,
    amended,
    full,
    held_child,
    minimal,
    stamp,
    wall,
)

Found = Callable[..., Town]
PERIOD = (ago(20).date().isoformat(), ago(0).date().isoformat())


def bodies(message: EmailMessage) -> list[str]:
    return [part.get_content() for part in message.walk() if not part.is_multipart()]


def harmless(message: EmailMessage) -> None:
    """No name, no story, no LADO; both plain text and HTML; nobody but one in To."""
    whole = message.as_string() + "".join(bodies(message))
    whole = whole.replace(str(message["To"]), "")
    assert not [mark for mark in (*MARKS, "Marigold", "LADO", "flumox") if mark.lower() in whole.lower()], whole
    kinds = {part.get_content_type() for part in message.walk() if not part.is_multipart()}
    assert kinds == {"text/plain", "text/html"}
    assert message["Cc"] is None
    assert message["Bcc"] is None


def test_the_people_of_an_incident_get_one_mail_each_without_a_name(found: Found) -> None:
    town = found()
    report = full(1, ago(1), seriousIncident="Yes")
    town.recording.put(report)
    town.bridge.sync(code=0)
    town.bridge.sync(code=0)
    assert sorted(whom for (whom,), _ in town.post.taken) == sorted([MANAGER_MAIL, SENIOR_MAIL, WORKER_MAIL])
    for _, message in town.post.taken:
        harmless(message)
        assert report["incidentNumber"] in message["Subject"]
        assert "Z.Q." in "".join(bodies(message))
    ids = [message["Message-ID"] for _, message in town.post.taken]
    assert len(set(ids)) == 3

    town.recording.put(amended(report, managerNotifiedAt=wall(ago(hours=3)), narrative="flumoxtext other"))
    town.bridge.sync(code=0)
    assert len(town.post.taken) == 3, "a later revision repeats none"
    other = held_child(childId="child-9", name="Ignatius Plumtree", mosaicPersonId=1003)
    other["socialWorker"] = {"name": "A. Nother", "email": "another@council.example"}
    children = [*report["children"], other]
    town.recording.put(amended(amended(report), children=children))
    town.bridge.sync(code=0)
    assert [whom for (whom,), _ in town.post.taken[3:]] == ["another@council.example"]


def test_what_was_told_already_or_happened_long_ago_is_not_mailed(found: Found) -> None:
    town = found()
    told = held_child()
    told["socialWorker"] = {**told["socialWorker"], "notifiedAt": wall(ago(hours=20))}
    town.recording.put(
        full(1, ago(1), managerNotifiedAt=wall(ago(hours=20)), children=[told]),
        full(2, ago(7, hours=2), modifiedAt=stamp(ago(hours=2))),
        full(3, ago(6, hours=20)),
    )
    town.bridge.sync(code=0)
    assert len(town.post.taken) == 2
    assert all("-0003 " in message["Subject"] for _, message in town.post.taken)


def test_mail_that_is_put_off_or_lost_is_repeated_with_its_own_id_and_refused_ones_stay(found: Found) -> None:
    town = found(BRIDGE_DELIVERY__WAIT_SECONDS="30")
    answers = iter(["451 later", "drop"])
    seen: list[str] = []

    def data(envelope: Any) -> str:
        text = envelope.content.decode()
        seen.append(next(line for line in text.splitlines() if line.lower().startswith("message-id")))
        return next(answers, "250 ok")

    town.post.data = data
    town.post.rcpt = lambda address: "550 nobody" if address == WORKER_MAIL else None
    town.recording.put(full(1, ago(1)))
    for _ in range(3):
        result = town.bridge.sync()
    assert result["exit_code"] == 2
    assert result["deliveries"]["email"]["rejected"] == 1
    assert len(set(seen)) == 1
    assert {message["Message-ID"] for message in town.post.to(MANAGER_MAIL)} == {seen[0].split(": ")[1].strip()}
    assert town.post.to(WORKER_MAIL) == []


def test_an_adult_of_concern_who_manages_gets_no_mail_about_it(found: Found) -> None:
    town = found()
    report = accused(full(1, ago(1)))
    report["staff"][0] |= {"name": MANAGER, "role": "Registered Manager"}
    town.recording.put(report)
    town.bridge.sync(code=0)
    assert town.post.to(MANAGER_MAIL) == []
    assert town.post.to(SENIOR_MAIL)
    for _, message in town.post.taken:
        harmless(message)
    town.bridge.json("remind")
    assert town.post.to(MANAGER_MAIL) == []


def test_one_digest_a_person_never_twice_and_quiet_when_there_is_nothing_new(found: Found) -> None:
    town = found()
    town.recording.put(full(1, ago(3)), full(2, ago(1, 20)))
    town.bridge.sync(code=0)
    mailed = len(town.post.taken)
    before = town.bridge.json("remind", "--dry-run", code=0)
    assert len(town.post.taken) == mailed
    town.bridge.json("remind", code=0)
    digests = [(whom, message) for (whom,), message in town.post.taken[mailed:]]
    assert len({whom for whom, _ in digests}) == len(digests) == len(before["digests"]) > 0
    for _, message in digests:
        harmless(message)
    town.bridge.json("remind", code=0)
    assert len(town.post.taken) == mailed + len(digests)
    later = town.bridge.json("remind", "--dry-run", "--as-of", (ago() + timedelta(days=4)).isoformat(), code=0)
    assert later["digests"], "in four days there is something new to say"
    assert not [mark for mark in MARKS if mark in json.dumps(later)]


def only(result: dict[str, Any]) -> dict[str, Any]:
    (one,) = result["submissions"]
    found: dict[str, Any] = one
    return found


def bytes_of(one: dict[str, Any]) -> tuple[bytes, bytes]:
    return Path(one["package"]).read_bytes(), Path(one["pdf"]).read_bytes()


def test_a_lado_package_waits_for_a_named_manager_and_its_files_stand_still(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(accused(full(1, ago(hours=20))))
    result = town.bridge.sync(code=0)
    assert result["deliveries"]["lado"] == {"awaiting_approval": 1}
    one = only(town.bridge.json("lado", "list", code=0))
    assert (one["state"], one["adult"], one["triggers"]) == ("awaiting_approval", "staff-1", [1, 2])
    package = json.loads(Path(one["package"]).read_text("utf-8"))
    assert (package["form"], package["version"], package["adult"]) == ("lado-contact-form", 1, "staff-1")
    assert package["fields"]["child_name"]["value"] == CHILD
    assert package["fields"]["adult_name"]["value"] == STAFF
    assert (
        package["fields"]["adult_address"] | {"to_be_completed": True, "value": None}
        == package["fields"]["adult_address"]
    )
    assert OTHER not in json.dumps(package, ensure_ascii=False)
    assert "Ottoline" not in json.dumps(package, ensure_ascii=False)
    folder = Path(one["package"]).parent
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))
    first = bytes_of(one)
    town.bridge.sync(code=0)
    assert bytes_of(only(town.bridge.json("lado", "list"))) == first

    town.bridge.json("lado", "approve", str(one["id"]), code=1)
    town.bridge.json(
        "lado", "approve", str(one["id"]), "--by", "M. Underhillock", "--mash", "yes", "--police", "no", code=0
    )
    approved = only(town.bridge.json("lado", "list", code=0))
    assert approved["state"] == "approved"
    after = bytes_of(approved)
    assert json.loads(after[0])["fields"]["referral_date"]["value"]
    town.bridge.sync(code=0)
    assert bytes_of(only(town.bridge.json("lado", "list"))) == after
    town.bridge.json("lado", "approve", str(one["id"]), "--by", "M. Underhillock", code=1)
    town.bridge.json("lado", "decline", str(one["id"]), "--by", "M. Underhillock", "--reason", "no", code=1)
    town.bridge.json("lado", "sent", str(one["id"]), "--by", "M. Underhillock", code=0)
    duties = {d["id"]: d["state"] for d in town.bridge.json("duties")["duties"]}
    assert duties["lado_contact"] == "met"
    assert duties["mash_or_police"] == "open", "the allegation itself answers it, or nothing does"
    assert town.bridge.json("audit", "verify", code=0)["ok"]
    town.bridge("lado", "list")
    town.bridge("lado", "show", str(one["id"]))
    assert town.bridge.traces(MARKS, but=("lado",)) == {}
    revealed = town.bridge("lado", "show", str(one["id"]), "--reveal")
    assert CHILD in revealed.out


def test_a_duty_that_is_overdue_again_after_it_was_done_is_told_again(town: Town) -> None:
    """Nobody heard: the last digest had told of it, and none had gone out between."""
    oversight = {"at": wall(ago(2.3)), "by": "A. Manager", "comments": "Read and discussed."}
    report = minimal(1, ago(2.5), managerNotifiedAt=wall(ago(2.4)), managerOversight=oversight)
    held = amended(report, staffDebrief={"heldAt": wall(ago(1)), "withName": "A. Deputy"})
    town.recording.put(report)
    town.bridge.sync(code=0)
    town.bridge.reconcile(*PERIOD)
    overdue = []
    for version in (report, held, amended(held, staffDebrief={})):
        town.recording.put(version)
        town.bridge.sync(code=0)
        overdue.append([row["overdue"] for row in town.bridge.json("remind", code=0)["digests"]])
    assert overdue == [[1], [], [1]]
    assert town.bridge.json("remind", code=0)["digests"] == []


def test_what_a_manager_is_told_last_after_an_outage_is_how_things_stand(town: Town) -> None:
    """Every verdict and digest of the outage came, and an older, better one after the newest."""
    report = minimal(1, ago(2.5), reasons=["InjuryToSelf"])
    town.recording.put(report)
    town.bridge.sync(code=0)
    town.post.taken.clear()
    town.post.rcpt = lambda _address: "451 later"
    for more in ([], [minimal(2, ago(2.2), reasons=["InjuryToSelf"])]):
        town.recording.put(*more)
        town.bridge.sync("--no-wait")
        town.bridge.json("remind", code=2)
        verdict = town.bridge.reconcile(*PERIOD, "--mail", code=2)["verdict"]["headline"]
    town.post.rcpt = lambda _address: None
    town.bridge.sync()
    told = [str(message["Subject"]) for message in town.post.to(MANAGER_MAIL)]
    assert [one for one in told if "reconciliation" in one and verdict not in one] == []
    assert [sum(word in one for one in told) for word in ("reconciliation", "Example House: ")] == [1, 1]


def test_the_report_says_of_a_mail_and_of_a_package_no_more_than_is_known(town: Town) -> None:
    """A package that nobody can look at was "seen right at an earlier look", and a mail "not yet seen again"."""
    town.recording.put(accused(full(1, ago(hours=20))))
    town.bridge.sync(code=0)
    one = only(town.bridge.json("lado", "list"))

    def told() -> str:
        return (town.bridge.folder / town.bridge.reconcile(*PERIOD)["report"]["html"]).read_text("utf-8")

    town.bridge("lado", "approve", str(one["id"]), "--by", "M. U.", code=0)
    assert "LADO package for P.W., revision 1: approved, not yet said to be sent, since" in told()
    town.bridge("lado", "sent", str(one["id"]), "--by", "M. U.", code=0)
    page = told()
    assert "LADO package for P.W., revision 1: sent, a manager says, since" in page
    assert "The mail to the registered manager, revision 1: sent, since" in page
    assert "The mail to the social worker for Z.Q., revision 1: sent, since" in page


def test_a_package_that_cannot_be_written_is_urgent_and_said_in_plain_words(found: Found) -> None:
    """It "waited to be sent to the LADO package", some time this week."""
    town = found(mail=False)
    (town.bridge.folder / "lado").write_text("no folder", "utf-8")
    town.recording.put(accused(full(1, ago(hours=2))))
    town.bridge.sync(code=1)
    (waiting,) = [one for one in town.bridge.reconcile(*PERIOD)["findings"] if one["target"] == "lado"]
    assert (waiting["kind"], waiting["severity"], waiting["owner"]) == ("waiting", "high", "it")
    assert "the LADO package about staff-1 could not be written yet" in waiting["message"]


def test_a_revision_that_changes_nothing_in_a_submission_asks_no_manager_again(found: Found) -> None:
    town = found(mail=False)
    report = accused(full(1, ago(2)))
    town.recording.put(report)
    town.bridge.sync()
    (before,) = town.bridge.json("lado", "list")["submissions"]
    town.recording.put(amended(report, emergencyServicesCalled="Yes"))
    assert town.bridge.sync()["pulled"]["revised"] == 1
    assert town.bridge.json("lado", "list")["submissions"] == [before]


def test_a_declined_submission_stays_and_a_new_revision_asks_again(found: Found) -> None:
    town = found(mail=False)
    report = accused(full(1, ago(hours=20)))
    town.recording.put(report)
    town.bridge.sync(code=0)
    one = only(town.bridge.json("lado", "list"))
    town.bridge.json("lado", "decline", str(one["id"]), "--by", "M. U.", code=1)
    town.bridge.json("lado", "decline", str(one["id"]), "--by", "M. U.", "--reason", "flumoxtext not so", code=0)
    found_out = town.bridge.reconcile(*PERIOD)
    assert town.bridge.json("duties", "--state", "open")["duties"]
    assert town.bridge.traces(MARKS, but=("lado",)).keys() <= {"flumoxtext"}
    town.recording.put(amended(report, narrative="Perpetua twisted his arm flumoxtext"))
    town.bridge.sync(code=0)
    states = [(s["revision"], s["state"]) for s in town.bridge.json("lado", "list")["submissions"]]
    assert states == [(1, "declined"), (2, "awaiting_approval")], states
    assert "eclined" in (town.bridge.folder / found_out["report"]["html"]).read_text("utf-8")
    old = town.bridge.json("lado", "approve", str(one["id"]), "--by", "M. U.", code=1)
    assert old["error"]["message"]


def test_one_submission_for_each_adult_with_or_without_a_name(found: Found) -> None:
    town = found(mail=False)
    hurt = full(1, ago(hours=20), children=[held_child(injured="Yes", injuryDetails="flumoxtext red mark")])
    nobody = accused(full(2, ago(hours=20)), aboutStaffId=None)
    nobody["allegations"][0].pop("aboutStaffId")
    town.recording.put(hurt, nobody)
    town.bridge.sync(code=0)
    submissions = town.bridge.json("lado", "list")["submissions"]
    found_out = sorted((s["incident"][-4:], s["adult"], tuple(s["triggers"])) for s in submissions)
    assert [row[1:] for row in found_out if row[0] == "0001"] == [("staff-1", (1,)), ("staff-2", (1,))]
    assert [row[2] for row in found_out if row[0] == "0002"] == [(1, 2)], found_out
    answers = ("--by", "M. Underhillock", "--mash", "yes", "--police", "no")
    for one in submissions:
        town.bridge.json("lado", "approve", str(one["id"]), *answers, code=0)
    states = {(d["incident"][-4:], d["id"]): d["state"] for d in town.bridge.json("duties")["duties"]}
    assert states["0001", "mash_or_police"] == "met"
