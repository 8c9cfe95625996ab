"""backfill, ledger, key, audit: keeping house."""

from __future__ import annotations

import base64
import os
from datetime import date, datetime
from pathlib import Path

import click

from flows.console import Result, actor, answered, as_json, one_home, progress_bars, say, show_json
from flows.moments import DAY, MOMENT


@click.command()
@one_home
@click.option(
    "--target", type=click.Choice(["mosaic", "daily_log", "email", "lado"]), required=True, help="The target."
)
@click.option("--from", "start", type=DAY, required=True, help="First day of the incidents.")
@click.option("--to", "end", type=DAY, required=True, help="Last day, included.")
@click.option("--dry-run", is_flag=True, help="Count only; owe nothing.")
@as_json
@answered
def backfill(home: str | None, target: str, start: date, end: date, dry_run: bool, wants_json: bool) -> Result:
    """Owe history to a target that was added later, on purpose; the next sync delivers it."""
    from flows.backfill import backfill as owe
    from flows.site import open_site

    with open_site() as site:
        result = owe(site, site.chosen(home), target, start, end, dry_run=dry_run)
    verb = "would be owed" if dry_run else "are now owed"
    show_json(result) if wants_json else say(f"{result['owed']} deliveries {verb} to {target}.")
    return None


@click.group()
def ledger() -> None:
    """Upgrade, back up, restore and purge the ledger."""


@ledger.command("upgrade")
@as_json
@answered
def ledger_upgrade(wants_json: bool) -> Result:
    """Bring an older ledger up to this version. Back it up first."""
    from config.settings import load_settings
    from ledger.database import upgrade
    from ledger.schema import HEAD

    upgrade(load_settings().ledger_url.get_secret_value())
    show_json({"version": HEAD, "exit_code": 0}) if wants_json else say(f"The ledger is at version {HEAD}.")
    return None


@ledger.command("backup")
@click.argument("to", type=click.Path(path_type=Path, dir_okay=False))
@as_json
@answered
def ledger_backup(to: Path, wants_json: bool) -> Result:
    """Copy a SQLite ledger while it is in use. Keep the keys elsewhere."""
    from flows.site import open_site
    from ledger.keeping import backup

    with open_site() as site:
        backup(site.ledger, to)
    show_json({"backup": str(to), "exit_code": 0}) if wants_json else say(f"The ledger is copied to {to}.")
    return None


@ledger.command("restored")
@click.option("--since", type=MOMENT, required=True, help="When the backup was taken.")
@as_json
@answered
def ledger_restored(since: datetime, wants_json: bool) -> Result:
    """Say that this ledger came from a backup: what it forgot is looked up before anything is sent."""
    from flows.site import open_site
    from ledger.keeping import restored

    with open_site() as site:
        marked = restored(site.ledger, since, actor())
    result = {"doubted": marked.doubted, "mails_held": marked.mails_held, "cursors_moved": marked.cursors_moved}
    sentence = (
        f"{marked.doubted} deliveries are looked up before they are sent, {marked.mails_held} mails wait for a person, "
        f"and {marked.cursors_moved} pulls begin again before the backup. Run `incident-bridge sync` next."
    )
    show_json(result | {"exit_code": 0}) if wants_json else say(sentence)
    return None


@ledger.command("purge")
@click.option("--before", type=DAY, required=True, help="Contents of finished incidents before this day are emptied.")
@click.option("--yes", is_flag=True, help="Do it; without this nothing is changed.")
@as_json
@answered
def ledger_purge(before: date, yes: bool, wants_json: bool) -> Result:
    """Empty the contents of old, finished incidents and of what left quarantine; ids, states and hashes stay."""
    from flows.site import open_site
    from ledger.keeping import purge

    if not yes:
        raise click.UsageError("Emptied contents do not come back; say --yes to do it.")
    with open_site() as site:
        done = purge(site.ledger, before, actor())
    if wants_json:
        show_json({"purged": done.emptied, "kept": done.kept, "exit_code": 0})
        return None
    say(f"{done.emptied} reports lost their contents.")
    if done.kept:
        say(
            f"{done.kept} kept theirs: an urgent finding about each is open, such as an overdue duty. Reconcile those "
            "days again, and acknowledge what is known; then purge again."
        )
    return None


@click.group()
def key() -> None:
    """Make and rotate encryption keys."""


@key.command("new")
@as_json
@answered
def key_new(wants_json: bool) -> Result:
    """Print a new key for BRIDGE_ENCRYPTION_KEYS."""
    fresh = base64.urlsafe_b64encode(os.urandom(32)).decode()
    show_json({"key": fresh, "exit_code": 0}) if wants_json else say(fresh)
    return None


@key.command("rotate")
@as_json
@answered
def key_rotate(wants_json: bool) -> Result:
    """Seal everything with the first key of BRIDGE_ENCRYPTION_KEYS; afterwards the old ones may be removed."""
    from flows.site import open_site
    from ledger.keeping import rotate

    with open_site() as site, progress_bars(not wants_json) as progress:
        count = rotate(site.ledger, lambda done: progress("sealing", done, None))
    sentence = f"{count} values are sealed with the first key; the other keys may be removed now."
    show_json({"sealed": count, "exit_code": 0}) if wants_json else say(sentence)
    return None


@click.group()
def audit() -> None:
    """Verify the audit trail."""


@audit.command("verify")
@as_json
@answered
def audit_verify(wants_json: bool) -> Result:
    """Check the chain from its first entry to its head; exits 2 and names the place where it is broken."""
    from flows.site import open_site
    from ledger.audit import verify

    with open_site() as site:
        verdict = verify(site.ledger)
    result = {
        "ok": verdict.ok,
        "entries": verdict.entries,
        "head": verdict.head,
        "broken_at": verdict.broken_at,
        "message": verdict.sentence or None,
        "exit_code": 0 if verdict.ok else 2,
    }
    if wants_json:
        show_json(result)
    elif verdict.ok:
        say(f"The chain of {verdict.entries} entries holds. Its head is {verdict.head}; keep a copy elsewhere.")
    else:
        say(f"THE AUDIT TRAIL IS BROKEN. {verdict.sentence}")
    return 0 if verdict.ok else 2
