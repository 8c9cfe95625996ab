"""lado: the manager's decision about a submission, and its record. Nothing here submits anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from flows.console import Result, actor, answered, as_json, local, one_home, say, show_json, table
from flows.moments import RECORD

_by = click.option("--by", required=True, help="The name of the manager who decides.")
_mash = click.option("--mash", type=click.Choice(["yes", "no"]), help="Was MASH told?")
_police = click.option("--police", type=click.Choice(["yes", "no"]), help="Were the police told?")


def _answer(word: str | None) -> bool | None:
    return None if word is None else word == "yes"


@click.group()
def lado() -> None:
    """LADO submissions: a named manager's decision and its record."""


@lado.command("list")
@one_home
@as_json
@answered
def lado_list(home: str | None, wants_json: bool) -> Result:
    """Every submission and where it stands."""
    from flows import submissions
    from flows.site import open_site

    with open_site() as site:
        result = submissions.listed(site, site.chosen(home))
    if wants_json:
        show_json(result)
        return None
    rows = [
        (
            row["id"],
            row["state"],
            row["incident"],
            row["revision"],
            row["adult"],
            ", ".join(map(str, row["triggers"])),
            local(datetime.fromisoformat(row["due_at"])),
            row["pdf"],
        )
        for row in result["submissions"]
    ]
    table(("id", "state", "incident", "revision", "adult", "triggers", "due", "package"), rows)
    return None


@lado.command("show")
@click.argument("submission_id", type=RECORD)
@click.option("--reveal", is_flag=True, help="Show the form's answers, names included; this is audited.")
@as_json
@answered
def lado_show(submission_id: int, reveal: bool, wants_json: bool) -> Result:
    """One submission: its state, its decisions and, with --reveal, its answers."""
    from flows import submissions
    from flows.site import open_site

    with open_site() as site:
        shown = submissions.shown(site, submission_id, reveal=reveal, actor=actor())
    if wants_json:
        show_json(shown)
        return None
    for name, value in shown.items():
        if name != "fields":
            say(f"{name:<16} {value}")
    for key, field in shown.get("fields", {}).items():
        answer = "TO BE COMPLETED" if field.get("to_be_completed") else field["value"]
        say(f"  {key:<24} {answer}")
    return None


@lado.command("approve")
@click.argument("submission_id", type=RECORD)
@_by
@_mash
@_police
@as_json
@answered
def lado_approve(submission_id: int, by: str, mash: str | None, police: str | None, wants_json: bool) -> Result:
    """Approve a submission for this revision; the package is written again with the date of the referral."""
    return _decide(submission_id, "approved", by, wants_json, mash=_answer(mash), police=_answer(police))


@lado.command("decline")
@click.argument("submission_id", type=RECORD)
@_by
@click.option("--reason", required=True, help="Why no referral is made; it stays in the report.")
@as_json
@answered
def lado_decline(submission_id: int, by: str, reason: str, wants_json: bool) -> Result:
    """Decline a submission, with the reason."""
    return _decide(submission_id, "declined", by, wants_json, reason=reason)


@lado.command("sent")
@click.argument("submission_id", type=RECORD)
@_by
@_mash
@_police
@as_json
@answered
def lado_sent(submission_id: int, by: str, mash: str | None, police: str | None, wants_json: bool) -> Result:
    """Report that a person sent the submission to the LADO."""
    return _decide(submission_id, "sent", by, wants_json, mash=_answer(mash), police=_answer(police))


@lado.command("prefill")
@click.argument("submission_id", type=RECORD)
@click.option("--url", required=True, help="Address of the council's online contact form.")
@click.option("--profile", type=click.Path(exists=True, dir_okay=False), help="A form profile of your own (TOML).")
@click.option("--screenshot", type=click.Path(dir_okay=False), help="Save a picture of the filled form here.")
@as_json
@answered
def lado_prefill(submission_id: int, url: str, profile: str | None, screenshot: str | None, wants_json: bool) -> Result:
    """Fill the council's online form in a browser for a person to check; it never presses submit."""
    from flows import submissions
    from flows.site import open_site

    with open_site() as site:
        result = submissions.prefill(
            site, submission_id, url=url, profile=profile, screenshot=screenshot, actor=actor()
        )
    show_json(result) if wants_json else say(result["message"])
    return int(result["exit_code"])


def _decide(submission_id: int, decision: str, by: str, wants_json: bool, **answers: Any) -> Result:
    from flows import submissions
    from flows.site import open_site

    with open_site() as site:
        result = submissions.decide(site, submission_id, decision, by, **answers)
    show_json(result) if wants_json else say(result["message"])
    return int(result["exit_code"])
