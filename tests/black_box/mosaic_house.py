"""Mosaic after `mosaic.openapi.yaml`: persons, their notes, appendments, tokens; in memory, with a life of its own."""

from __future__ import annotations

import base64
import itertools
import re
import secrets
import time
from datetime import UTC, date, datetime, timedelta
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs

from tests.black_box.contract import faults
from tests.black_box.recording_house import LONDON
from tests.black_box.wire import Asked, Manners, Refusal, Reply, Wire

CLIENT, SECRET = "bridge-client", "CanarySecret-mosaic-88a1"
_ALLOWED = {"p", "br", "ul", "ol", "li", "strong", "em", "table", "thead", "tbody", "tr", "td", "th"}


class _Sanitiser(HTMLParser):
    """Rewrites a note the way a product does on save: other white space, entities for everything above ASCII."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in _ALLOWED:
            self.out.append("<BR />" if tag == "br" else f"\r\n<{tag.upper()}>")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _ALLOWED and tag != "br":
            self.out.append(f"</{tag.upper()}>")

    def handle_data(self, data: str) -> None:
        text = escape(data).encode("ascii", "xmlcharrefreplace").decode()
        self.out.append(re.sub(r"  +", "&nbsp; ", text))


def rewritten(html: str) -> str:
    machine = _Sanitiser()
    machine.feed(html)
    machine.close()
    return "".join(machine.out)


class MosaicHouse(Wire):
    """The persons and the notes. Every write is applied at most as often as it is asked for, and counted."""

    def __init__(self, manners: Manners | None = None) -> None:
        self.persons: dict[int, dict[str, Any]] = {}
        self.notes: dict[int, dict[str, Any]] = {}
        self.locked: set[int] = set()
        self.closed: set[int] = set()
        self.refused: list[list[str]] = []
        self.echo_wrong: set[int] = set()
        self.leave_drafts = 0
        self.made_as: str | None = None
        self._tokens: dict[str, float] = {}
        self._ids = itertools.count(90001)
        super().__init__(manners)

    def admit(self, *person_ids: int) -> None:
        for person_id in person_ids:
            self.persons[person_id] = {"person_id": person_id, "restricted": False, "merged_into": None}

    def merge(self, old: int, new: int) -> None:
        """The overnight batch: notes move to the survivor."""
        with self.lock:
            self.persons[old]["merged_into"] = new
            for note in self.notes.values():
                if note["person_id"] == old:
                    note["person_id"] = new

    def of(self, person_id: int) -> list[dict[str, Any]]:
        return [note for note in self.notes.values() if note["person_id"] == person_id]

    def write_by_hand(self, person_id: int, title: str, note: str, when: str, **more: Any) -> dict[str, Any]:
        """A note of somebody else's."""
        body = {"note_type": "SAFEINT", "title": title, "note": note, "effective_date": when, "reference": None, **more}
        return self._create(person_id, body, by="j.worker")

    def meet(self, asked: Asked) -> Reply:
        if asked.path == "/oauth/token":
            return self._token(asked)
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or self._tokens.get(token, 0) < time.monotonic():
            raise Refusal(401, "token", headers={"www-authenticate": 'Bearer error="invalid_token"'})
        parts = asked.path.strip("/").split("/")
        with self.lock:
            if parts[0] == "persons" and len(parts) == 2:
                return Reply(200, {**self._person(parts[1]), **self._more()})
            if parts[0] == "persons" and parts[2:] == ["case-notes"]:
                person_id = int(parts[1])
                return self._new(person_id, asked) if asked.method == "POST" else self._list(person_id, asked)
            if parts[0] == "case-notes":
                return self._note(parts, asked)
        raise Refusal(404, "no such path")

    # ---- tokens and persons ----

    def _token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        plain = asked.headers["content-type"].startswith("application/x-www-form-urlencoded")
        if not plain or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            raise Refusal(401, "client")
        if form.get("grant_type") != "client_credentials":
            raise Refusal(400, "grant")
        token = secrets.token_hex(9)
        self._tokens[token] = time.monotonic() + self.manners.token_seconds
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.manners.token_seconds}
        return Reply(200, {**body, **self._more()})

    def _person(self, text: str) -> dict[str, Any]:
        if not text.isdecimal() or int(text) not in self.persons:
            raise Refusal(404, "no such person")
        if int(text) in self.closed:
            raise Refusal(403, "not for you")
        return self.persons[int(text)]

    def _open(self, person_id: int, *, writing: bool) -> dict[str, Any]:
        person = self._person(str(person_id))
        if person["merged_into"] is not None:
            raise Refusal(410, "merged", merged_into=person["merged_into"])
        if writing and person["restricted"]:
            raise Refusal(403, "restricted")
        if writing and person_id in self.locked:
            raise Refusal(423, "somebody edits")
        return person

    # ---- notes ----

    def _list(self, person_id: int, asked: Asked) -> Reply:
        self._open(person_id, writing=False)
        rows = sorted(self.of(person_id), key=lambda note: (note["last_updated_on"], note["id"]))
        query = asked.query
        if not self.manners.ignore_filters:
            if "note_type" in query:
                rows = [note for note in rows if note["note_type"] == query["note_type"]]
            if "effective_from" in query:
                first = date.fromisoformat(query["effective_from"])
                rows = [note for note in rows if _day(note) >= first]
            if "effective_to" in query:
                last = date.fromisoformat(query["effective_to"])
                rows = [note for note in rows if _day(note) <= last]
            if "reference" in query:
                rows = [note for note in rows if note.get("reference") == query["reference"]]
        limit = int(query.get("limit", 100))
        if not 1 <= limit <= 200:
            raise Refusal(400, "limit")
        size = self.manners.page or limit
        token = query.get("cursor")
        at = 0 if token is None else int(base64.b32decode(token).decode()) if token else size
        items = rows[at : at + size]
        following = None
        if at + size < len(rows):
            following = "" if self.manners.blank_cursor and at == 0 else base64.b32encode(b"%d" % (at + size)).decode()
        shown = [self._shown(n) for n in items]
        if self.manners.short_lists:
            for note in shown:
                note.pop("appendments", None)
        return Reply(200, {"items": shown, "next_cursor": following, **self._more()})

    def _new(self, person_id: int, asked: Asked) -> Reply:
        self._hold(faults("mosaic", "NewCaseNote", asked.json), asked)
        self._open(person_id, writing=True)
        body = asked.json
        if datetime.fromisoformat(body["effective_date"]).tzinfo is None:
            self._hold(["effective_date: offset"], asked)
        if self.manners.idempotent:
            for note in self.of(person_id):
                if note["_reference"] == body["reference"]:
                    return Reply(200, self._shown(note))
        note = self._create(person_id, body)
        if self.leave_drafts:
            self.leave_drafts -= 1
            note["state"], note["completed_on"] = "DRAFT", None
            raise Refusal(500, "fell over before it was finished")
        note["state"] = self.made_as or note["state"]
        shown = self._shown(note)
        if person_id in self.echo_wrong:
            shown["person_id"] = person_id + 1
        headers = {} if self.manners.locationless else {"location": f"/gateway/v1/case-notes/{note['id']}"}
        return Reply(201, shown, headers)

    def _create(self, person_id: int, body: dict[str, Any], by: str = "integration") -> dict[str, Any]:
        now = self._now()
        note = {
            "id": next(self._ids),
            "person_id": person_id,
            **{name: body[name] for name in ("note_type", "title")},
            "note": rewritten(body["note"]) if self.manners.rewrite else body["note"],
            "effective_date": self._uk(body["effective_date"]),
            "significant_event": body.get("significant_event", False),
            "state": "COMPLETE" if body.get("complete", True) else "DRAFT",
            "reference": body["reference"],
            "_reference": body["reference"],
            "_sent": body,
            "created_on": now,
            "created_by": by,
            "last_updated_on": now,
            "completed_on": now if body.get("complete", True) else None,
            "timeout_on": None,
            "appendments": [],
        }
        self.notes[note["id"]] = note
        return note

    def _note(self, parts: list[str], asked: Asked) -> Reply:
        note = self.notes.get(int(parts[1]))
        if note is None:
            raise Refusal(404, "no such note")
        if len(parts) == 2:
            return Reply(200, self._shown(note))
        if note["person_id"] in self.locked:
            raise Refusal(423, "somebody edits")
        if parts[2] == "complete":
            if note["state"] not in ("DRAFT", "TIMED_OUT"):
                raise Refusal(409, "finished already")
            note |= {"state": "COMPLETE", "completed_on": self._now(), "last_updated_on": self._now()}
            return Reply(200, self._shown(note))
        schema = "/paths/~1case-notes~1{note_id}~1appendments/post/requestBody/content/application~1json/schema"
        self._hold(faults("mosaic", schema, asked.json), asked)
        if note["state"] in ("DRAFT", "DELETED"):
            raise Refusal(409, "not to this one")
        if self.manners.idempotent:
            for one in note["appendments"]:
                if one["_reference"] == asked.json["reference"]:
                    return Reply(200, self._part(one))
        one = {
            "id": next(self._ids),
            "note": rewritten(asked.json["note"]) if self.manners.rewrite else asked.json["note"],
            "reference": asked.json["reference"],
            "_reference": asked.json["reference"],
            "_sent": asked.json,
            "created_on": self._now(),
            "created_by": "integration",
        }
        note["appendments"].append(one)
        note["last_updated_on"] = self._now()
        return Reply(201, self._part(one))

    def _hold(self, wrong: list[str], asked: Asked) -> None:
        if wrong:
            self.refused.append(wrong)
            raise Refusal(400, "breaks the contract", errors=[{"field": w, "message": "rule"} for w in wrong])

    # ---- how it shows things ----

    def _shown(self, note: dict[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in note.items() if not name.startswith("_") and name != "appendments"}
        self._dress(shown)
        if note["appendments"]:
            shown["appendments"] = [self._part(one) for one in note["appendments"]]
        return {**shown, **self._more()}

    def _part(self, one: dict[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in one.items() if not name.startswith("_")}
        self._dress(shown)
        return {**shown, **self._more()}

    def _dress(self, shown: dict[str, Any]) -> None:
        if self.manners.drop_reference:
            shown.pop("reference")
        elif self.manners.fold_reference and shown["reference"]:
            shown["reference"] = shown["reference"].lower()
        for name in ("timeout_on", "completed_on"):
            if shown.get(name, 0) is None and self.manners.extra:
                shown.pop(name)

    def _more(self) -> dict[str, Any]:
        return {"_links": {"self": None}, "tenant": "x", "warnings": []} if self.manners.extra else {}

    def _now(self) -> str:
        now = datetime.now(UTC) + timedelta(seconds=self.manners.skew_seconds)
        return now.isoformat(timespec="microseconds" if self.manners.extra else "seconds")

    def _uk(self, text: str) -> str:
        """Mosaic keeps UK local time; a gateway may give it back with the offset, in UTC, or to the second."""
        moment = datetime.fromisoformat(text)
        zone = UTC if self.manners.extra else LONDON
        return moment.astimezone(zone).isoformat(timespec="milliseconds" if self.manners.extra else "seconds")


def _day(note: dict[str, Any]) -> date:
    return datetime.fromisoformat(note["effective_date"]).astimezone(LONDON).date()
