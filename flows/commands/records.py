"""status, duties, incident, delivery, quarantine, finding: the ledger, for a person."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from flows.console import Result, actor, answered, as_json, local, one_home, say, show_json, table
from flows.moments import MOMENT, RECORD

_STATES = ["open", "met", "met_late", "overdue", "not_applicable"]
_PEOPLE = ["staff", "registered_manager", "deputy", "senior_manager", "software"]
_DELIVERY_STATES = [
    "pending", "sending", "uncertain", "accepted", "verified", "rejected", "awaiting_approval", "superseded"
]  # fmt: skip


def _when(text: str | None) -> str:
    return local(datetime.fromisoformat(text)) if text else ""


@click.command()
@one_home
@click.option("--as-of", type=MOMENT, help="As it would look at another moment.")
@as_json
@answered
def status(home: str | None, as_of: datetime | None, wants_json: bool) -> Result:
    """How every home stands; exits 2 when something needs a person or has been silent too long."""
    from flows import records
    from flows.running import tell_homes_without_file
    from flows.site import open_site

    with open_site() as site:
        result = records.status(site, site.chosen(home), as_of)
    if wants_json:
        show_json(result)
        return int(result["exit_code"])
    for row in result["homes"]:
        say(f"{row['home']}")
        say(f"  last good pull         {_when(row['last_good_pull']) or 'never'}")
        say(f"  last good reconcile    {_when(row['last_good_reconcile']) or 'never'}")
        say(f"  oldest not delivered   {_when(row['oldest_not_final']) or 'none'}")
        for target, counts in row["deliveries"].items():
            say(f"  {target:<22} {', '.join(f'{count} {state}' for state, count in sorted(counts.items()))}")
        say(f"  in quarantine          {row['quarantined']}")
        say(f"  duties overdue         {row['duties_overdue']}")
        say(f"  records not in place   {row['not_in_place']}")
        for silence in row["silences"]:
            say(f"  SILENT: {silence}")
    for line in tell_homes_without_file(result):
        say(line)
    say("Something needs a person or another run." if result["exit_code"] else "Nothing is left over.")
    return int(result["exit_code"])


@click.command()
@one_home
@click.option("--child", help="One child's id.")
@click.option("--person", type=click.Choice(_PEOPLE), help="Who owes it.")
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="Only these states.")
@click.option("--all", "everything", is_flag=True, help="Also what is met or not applicable.")
@click.option("--as-of", type=MOMENT, help="As it would look at another moment.")
@as_json
@answered
def duties(
    home: str | None,
    child: str | None,
    person: str | None,
    states: tuple[str, ...],
    everything: bool,
    as_of: datetime | None,
    wants_json: bool,
) -> Result:
    """What is owed, by whom, by when. People see what is open and overdue; JSON holds every state."""
    from flows import records
    from flows.site import open_site

    if not states and not everything and not wants_json:
        states = ("open", "overdue")
    with open_site() as site:
        result = records.duties(site, site.chosen(home), child=child, owner=person, states=states, as_of=as_of)
    if wants_json:
        show_json(result)
        return None
    rows = [
        (row["state"].upper() if row["state"] == "overdue" else row["state"], _when(row["due_at"]), row["incident"],
         row["child"], row["title"], row["owner"], row["reason"])
        for row in result["duties"]
    ]  # fmt: skip
    table(("state", "due", "incident", "child", "duty", "who", "remark"), rows)
    say(f"{len(rows)} duties.")
    return None


@click.group()
def incident() -> None:
    """The story of one incident."""


@incident.command("show")
@click.argument("number", required=False)
@click.option("--id", "source_id", help="The source's own id, instead of the running number.")
@one_home
@click.option("--as-of", type=MOMENT, help="Duties as they would stand at another moment.")
@click.option("--reveal", is_flag=True, help="Show the report itself, names included; this is audited.")
@as_json
@answered
def incident_show(
    number: str | None, source_id: str | None, home: str | None, as_of: datetime | None, reveal: bool, wants_json: bool
) -> Result:
    """Revisions, deliveries, duties and flags of one incident."""
    from flows import records
    from flows.site import open_site
    from ledger.errors import Refused
    from ledger.quarantine import note_shown

    if (number is None) == (source_id is None):
        raise click.UsageError("Give the incident's number, or --id and the source's id.")
    with open_site() as site:
        held = records.find_incident(site, number, source_id, home)
        file, shown = records.story(site, held, as_of=as_of)
        if reveal:
            if file.report is None:
                raise Refused(f"The contents of {held.number} were purged; look for the report at the source.")
            note_shown(site.ledger, f"incident:{held.key}", actor())
            shown["report"] = json.loads(file.report.model_dump_json())
    if wants_json:
        show_json(shown)
        return None
    _tell_story(shown)
    return None


def _tell_story(shown: dict[str, Any]) -> None:
    say(f"{shown['incident']} ({shown['home']}), {shown['status']}, {_when(shown['occurred_at'])}")
    say()
    say("Revisions")
    for row in shown["revisions"]:
        say(f"  {row['revision']}. {row['status']}, changed {_when(row['modified_at'])}, seen {_when(row['seen_at'])}")
    say("Deliveries")
    for row in shown["deliveries"]:
        about = f" for {row['subject']}" if row["subject"] else ""
        say(f"  {row['id']}. {row['target']} {row['action']}{about}, revision {row['revision']}: {row['state']}")
        if row["why"]:
            say(f"     {row['why']}")
    if shown["purged"]:
        say("The report's contents were purged, so its duties and flags cannot be told any more.")
        return
    say("Flags")
    for row in shown["flags"] or []:
        say(f"  {row['id']}: {row['message']}")
    if not shown["flags"]:
        say("  none")
    if shown["exemption"]:
        say(f"Exempt under an EHC plan: {', '.join(shown['exemption']['children'])}")
    say("Duties")
    rows = [
        (row["state"], _when(row["due_at"]), row["child"], row["title"], row["owner"], row["reason"])
        for row in shown["duties"]
    ]
    table(("state", "due", "child", "duty", "who", "remark"), rows)
    if "report" in shown:
        say(json.dumps(shown["report"], ensure_ascii=False, indent=1))


@click.group()
def delivery() -> None:
    """What is owed to the outside systems, and what came of it."""


@delivery.command("list")
@one_home
@click.option("--state", "states", type=click.Choice(_DELIVERY_STATES), multiple=True, help="Only these states.")
@click.option("--target", type=click.Choice(["mosaic", "daily_log", "email", "lado"]), help="Only this target.")
@as_json
@answered
def delivery_list(home: str | None, states: tuple[str, ...], target: str | None, wants_json: bool) -> Result:
    """Deliveries, oldest first."""
    from flows import records
    from flows.site import open_site

    with open_site() as site:
        result = records.deliveries(site, site.chosen(home), states=states, target=target)
    if wants_json:
        show_json(result)
        return None
    rows = [
        [row[name] for name in ("id", "state", "target", "action", "incident", "revision", "subject", "why")]
        for row in result["deliveries"]
    ]
    table(("id", "state", "target", "action", "incident", "revision", "for", "why"), rows)
    return None


@delivery.command("retry")
@click.argument("delivery_id", type=RECORD)
@as_json
@answered
def delivery_retry(delivery_id: int, wants_json: bool) -> Result:
    """Ask for another try of one delivery, by the next sync; what is in doubt is looked up first."""
    from flows.planning import another_try
    from flows.site import open_site

    with open_site() as site:
        sentence = another_try(site, delivery_id, actor())
    show_json({"delivery": delivery_id, "message": sentence, "exit_code": 0}) if wants_json else say(sentence)
    return None


@click.group()
def quarantine() -> None:
    """Reports that could not be understood."""


@quarantine.command("list")
@one_home
@as_json
@answered
def quarantine_list(home: str | None, wants_json: bool) -> Result:
    """What waits, with the field paths that failed."""
    from flows import records
    from flows.site import open_site

    with open_site() as site:
        result = records.quarantined(site, site.chosen(home))
    if wants_json:
        show_json(result)
    else:
        rows = [
            (
                row["id"],
                row["home"],
                row["incident"] or row["source_id"],
                ", ".join(row["fields"]),
                _when(row["first_seen"]),
            )
            for row in result["quarantined"]
        ]
        table(("id", "home", "incident", "fields to mend", "first seen"), rows)
    return int(result["exit_code"])


@quarantine.command("show")
@click.argument("quarantine_id", type=RECORD)
@click.option("--reveal", is_flag=True, help="Show the whole report, names included; this is audited.")
@as_json
@answered
def quarantine_show(quarantine_id: int, reveal: bool, wants_json: bool) -> Result:
    """One report: what failed and, with --reveal, the report itself."""
    from flows.site import open_site
    from ledger import quarantine as kept

    with open_site() as site:
        with site.ledger.reading() as connection:
            one = kept.one(connection, quarantine_id)
        shown: dict[str, Any] = {
            "id": one.id,
            "home": one.home,
            "fingerprint": one.fingerprint,
            "source_id": one.source_id,
            "incident": one.number,
            "fields": list(one.fields),
            "first_seen": one.first_seen.isoformat(),
            "last_seen": one.last_seen.isoformat(),
            "state": one.state,
        }
        if reveal:
            kept.note_shown(site.ledger, f"quarantined:{quarantine_id}", actor())
            shown["report"] = json.loads(kept.raw(site.ledger, quarantine_id))
    if wants_json:
        show_json(shown)
    else:
        for name, value in shown.items():
            say(f"{name:<12} {json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value}")
    return None


@quarantine.command("retry")
@click.argument("quarantine_id", type=RECORD)
@as_json
@answered
def quarantine_retry(quarantine_id: int, wants_json: bool) -> Result:
    """Read one report again, after the map or the source was mended."""
    from flows.pull import try_again
    from flows.site import open_site
    from ledger import quarantine as kept

    with open_site() as site:
        with site.ledger.reading() as connection:
            one = kept.one(connection, quarantine_id)
        understood = try_again(site, site.chosen(one.home)[0], quarantine_id)
    sentence = (
        f"Quarantined report {quarantine_id} is understood now; the next sync delivers it."
        if understood
        else f"Quarantined report {quarantine_id} still cannot be read: {', '.join(one.fields)}."
    )
    code = 0 if understood else 2
    show_json({"id": quarantine_id, "understood": understood, "exit_code": code}) if wants_json else say(sentence)
    return code


@quarantine.command("discard")
@click.argument("quarantine_id", type=RECORD)
@click.option("--reason", required=True, help="Why it is no incident report.")
@as_json
@answered
def quarantine_discard(quarantine_id: int, reason: str, wants_json: bool) -> Result:
    """Say that one report is no incident report; it stays in the ledger with the reason."""
    from flows.site import open_site
    from ledger import quarantine as kept

    with open_site() as site:
        kept.discard(site.ledger, quarantine_id, reason, actor())
    sentence = f"Quarantined report {quarantine_id} is discarded; it is kept with your reason."
    show_json({"id": quarantine_id, "exit_code": 0}) if wants_json else say(sentence)
    return None


@click.group()
def finding() -> None:
    """Findings of the reconciliation."""


@finding.command("acknowledge")
@click.argument("finding_id")
@click.option("--by", required=True, help="Your name.")
@click.option("--reason", required=True, help="Why it is known and what is done about it.")
@as_json
@answered
def finding_acknowledge(finding_id: str, by: str, reason: str, wants_json: bool) -> Result:
    """Say that a finding is known, and why; it stays in the report, marked so."""
    from flows.site import open_site
    from ledger import findings

    with open_site() as site:
        findings.acknowledge(site.ledger, finding_id, by, reason)
    sentence = f"Finding {finding_id} is acknowledged; the report goes on showing it, marked so."
    show_json({"id": finding_id, "exit_code": 0}) if wants_json else say(sentence)
    return None
