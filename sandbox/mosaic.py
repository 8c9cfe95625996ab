"""The stand-in for Mosaic case notes: OAuth2, persons, notes, finishing and appending, over HTTP.

Built from the Mosaic contract. `gateway` is how well or badly this council's gateway behaves; `merge`, `restrict`,
`lock`, `delete_note`, `edit_note`, `append_by_hand` and `write_by_hand` are what people at the council do.
"""

from __future__ import annotations

import hmac
import re
import secrets
import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qs

from sandbox.checks import Rule, checked, day_of
from sandbox.faults import Weather
from sandbox.gateways import MosaicGateway
from sandbox.http_stand_in import HttpServer
from sandbox.messages import Answer, Refusal, Request, as_json, problem
from sandbox.notes import COMPLETE, DELETED, DRAFT, Appendment, Note, NoteBook, Person, appendment_as_json, note_as_json
from sandbox.paging import limit_of
from sandbox.sanitiser import sanitised

BASE = "/api/v1"
CLIENT_ID = "incident-bridge-example"
CLIENT_SECRET = "example-mosaic-secret"
_PATH = re.compile(r"/(?:(oauth/token)|persons/(\d+)(/case-notes)?|case-notes/(\d+)(/complete|/appendments)?)")
_NOTE_RULES = {
    "note_type": Rule("text", required=True, most=16),
    "title": Rule("text", required=True, least=1, most=100),
    "note": Rule("text", required=True, least=1, most=32000),
    "effective_date": Rule("moment", required=True),
    "significant_event": Rule("flag"),
    "complete": Rule("flag"),
    "reference": Rule("text", required=True, most=64),
    "acting_for": Rule("text", most=30),
    "alert_recipients": Rule("texts", most=20),
}
_APPENDMENT_RULES = {
    "note": Rule("text", required=True, least=1, most=32000),
    "reference": Rule("text", required=True, most=64),
    "acting_for": Rule("text", most=30),
}


class Mosaic:
    """Mosaic on a free loopback port. Operations: token, person, find, list, get, create, complete, append."""

    commands = (
        "add_person",
        "restrict",
        "lock",
        "merge",
        "remove_person",
        "delete_note",
        "edit_note",
        "append_by_hand",
        "write_by_hand",
        "revoke_tokens",
        "notes",
    )

    def __init__(
        self,
        *,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        token_seconds: int = 3600,
    ) -> None:
        self.weather = Weather("mosaic")
        self.client_id = client_id
        self.client_secret = client_secret
        self.token_seconds = token_seconds
        self.gateway = MosaicGateway()
        self.book = NoteBook()
        self.server = HttpServer(self, self.weather, latency=latency, tls=tls)
        self._tokens: dict[str, float] = {}
        self.arm = self.weather.arm
        self.disarm = self.weather.disarm
        self.armed = self.weather.armed
        self.applied = self.weather.applied
        self.requests = self.weather.requests
        self.advance = self.weather.advance

    @property
    def base_url(self) -> str:
        """The API's address."""
        return self.server.root + BASE

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def reset(self) -> None:
        """Forget faults, what was asked and what was applied. Persons and notes stay."""
        self.weather.reset()

    # ---- what people at the council do ----

    def add_person(
        self,
        person_id: int,
        full_name: str = "",
        date_of_birth: str | None = None,
        *,
        restricted: bool = False,
        locked: bool = False,
    ) -> None:
        """Open a person record."""
        with self.weather.lock:
            self.book.add_person(Person(person_id, full_name, date_of_birth, restricted, locked))

    def add_people(self, person_ids: Iterable[int]) -> None:
        """Open many records without a name."""
        with self.weather.lock:
            for person_id in person_ids:
                self.book.add_person(Person(person_id))

    def restrict(self, person_id: int, *, restricted: bool = True) -> None:
        """Restrict a record to named workers, or lift that."""
        self.book.persons[person_id].restricted = restricted

    def lock(self, person_id: int, *, locked: bool = True) -> None:
        """Somebody edits the record, or has finished."""
        self.book.persons[person_id].locked = locked

    def merge(self, loser: int, survivor: int) -> None:
        """The overnight batch merges one record into another and moves its notes."""
        with self.weather.lock:
            self.book.merge(loser, survivor)

    def remove_person(self, person_id: int) -> None:
        """The record is not there (any more)."""
        with self.weather.lock:
            self.book.persons.pop(person_id, None)

    def delete_note(self, note_id: int) -> None:
        """The council's administrators delete a note."""
        with self.weather.lock:
            note = self.book.notes[note_id]
            note.deleted, note.last_updated_on = True, self._now()

    def edit_note(self, note_id: int, *, text: str | None = None, title: str | None = None) -> None:
        """An administrator changes a note's words."""
        with self.weather.lock:
            note = self.book.notes[note_id]
            note.note = note.note if text is None else sanitised(text)
            note.title = note.title if title is None else title
            note.last_updated_on = self._now()

    def append_by_hand(self, note_id: int, text: str, *, by: str = "A. Worker") -> int:
        """A person appends to a note; the appendment's id."""
        with self.weather.lock:
            made = Appendment(self.book.next_id(), sanitised(text), None, self._now(), by)
            self.book.append(self.book.notes[note_id], made)
            return made.appendment_id

    def write_by_hand(
        self,
        person_id: int,
        *,
        title: str,
        text: str,
        note_type: str,
        effective_date: datetime | str,
        by: str = "A. Worker",
    ) -> int:
        """A person types a note without any reference; its id."""
        if isinstance(effective_date, str):
            effective_date = datetime.fromisoformat(effective_date)
        with self.weather.lock:
            now = self._now()
            note = Note(
                self.book.next_id(),
                person_id,
                note_type,
                title,
                sanitised(text),
                effective_date,
                False,
                None,
                now,
                by,
                now,
                completed_on=now,
            )
            self.book.add(note)
            return note.note_id

    def revoke_tokens(self) -> None:
        """Every token given so far stops working."""
        with self.weather.lock:
            self._tokens.clear()

    def notes(self, person_id: int | None = None) -> list[dict[str, Any]]:
        """Notes as the API would show them: of a person, or all, in order of making."""
        self.weather.settle()
        with self.weather.lock:
            found = self.book.notes.values() if person_id is None else self.book.of_person(person_id)
            return [self._shown(note) for note in found]

    # ---- HTTP ----

    def operation(self, request: Request) -> str:
        """The operation's name, as `when` uses it."""
        match = _PATH.fullmatch(request.path.removeprefix(BASE))
        if match is None:
            return "unknown"
        token, person_id, notes, _, act = match.groups()
        if token:
            return "token"
        if person_id and not notes:
            return "person"
        if person_id:
            if request.method == "POST":
                return "create"
            return "find" if "reference=" in request.query else "list"
        return {"/complete": "complete", "/appendments": "append", None: "get"}[act]

    def answer(self, request: Request, operation: str) -> Answer:
        """Apply the request and answer it."""
        match = _PATH.fullmatch(request.path.removeprefix(BASE))
        if match is None or not request.path.startswith(BASE):
            return problem(404, "No such resource")
        wanted = "POST" if operation in ("token", "create", "complete", "append") else "GET"
        if request.method != wanted:
            return problem(405, "Method not allowed")
        answers: Mapping[str, Callable[[Request, int], Answer]] = {
            "person": self._person,
            "create": self._create,
            "find": self._list,
            "list": self._list,
            "get": self._get,
            "complete": self._complete,
            "append": self._append,
        }
        try:
            with self.weather.lock:
                if operation == "token":
                    return self._token(request)
                self._authorised(request)
                return answers[operation](request, int(match.group(2) or match.group(4)))
        except Refusal as refusal:
            return refusal.answer

    def _token(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return problem(400, "grant_type must be client_credentials")
        same_id = hmac.compare_digest(form.get("client_id", "").encode(), self.client_id.encode())
        same_secret = hmac.compare_digest(form.get("client_secret", "").encode(), self.client_secret.encode())
        if not (same_id and same_secret):
            return problem(401, "Unknown client")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self.weather.clock.time() + self.token_seconds
        return as_json(200, {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds})

    def _authorised(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0) <= self.weather.clock.time():
            raise Refusal(problem(401, "The token is unknown or has expired"))

    def _now(self) -> datetime:
        return self.weather.clock.now().replace(microsecond=0)

    def _shown(self, note: Note) -> dict[str, Any]:
        return note_as_json(note, self.weather.clock.now(), effective_style=self.gateway.effective_style)

    # ---- persons ----

    def _person(self, _: Request, person_id: int) -> Answer:
        person = self._known(person_id)
        if person.restricted and self.gateway.restricted_status == 403:
            return problem(403, "This record is restricted")
        return as_json(
            200,
            {
                "person_id": person.person_id,
                "full_name": person.full_name,
                "date_of_birth": person.date_of_birth,
                "restricted": person.restricted,
                "merged_into": person.merged_into,
            },
        )

    def _known(self, person_id: int) -> Person:
        person = self.book.persons.get(person_id)
        if person is None:
            raise Refusal(problem(404, "No such person"))
        return person

    def _open_record(self, person_id: int, *, write: bool) -> None:
        person = self._known(person_id)
        if person.merged_into is not None:
            raise Refusal(problem(410, "This person was merged", merged_into=person.merged_into))
        if person.restricted:
            raise Refusal(problem(403, "This record is restricted"))
        if write and person.locked:
            raise Refusal(problem(423, "Somebody is editing this record"))

    # ---- notes ----

    def _list(self, request: Request, person_id: int) -> Answer:
        self._open_record(person_id, write=False)
        asked = {name: value for name, value in request.parameters().items() if name not in self.gateway.ignores}
        limit = limit_of(asked, default=100, most=200)
        first, last = day_of(asked, "effective_from"), day_of(asked, "effective_to")
        reference, note_type = asked.get("reference"), asked.get("note_type")
        if reference is not None and not self.gateway.filter_is_exact:
            reference = self._folded(reference)
        now = self.weather.clock.now()
        found = [
            note
            for note in self.book.of_person(person_id)
            if (note.seen_from is None or note.seen_from <= now)
            and (reference is None or note.reference == reference)
            and (note_type is None or note.note_type == note_type)
            and (first is None or note.effective_day >= first)
            and (last is None or note.effective_day <= last)
        ]
        keys = [(note.last_updated_on.isoformat(), note.note_id) for note in found]
        start, stop, following = self.gateway.paging.page(keys, 0, len(keys), asked.get("cursor"), limit)
        return as_json(200, {"items": [self._shown(note) for note in found[start:stop]], "next_cursor": following})

    def _get(self, _: Request, note_id: int) -> Answer:
        note = self._note(note_id)
        blind = self.gateway.blind_to_ids and note.seen_from is not None and note.seen_from > self.weather.clock.now()
        if blind:
            return problem(404, "No such note")
        if self.book.persons[note.person_id].restricted:
            return problem(403, "This record is restricted")
        return as_json(200, self._shown(note))

    def _note(self, note_id: int) -> Note:
        note = self.book.notes.get(note_id)
        if note is None:
            raise Refusal(problem(404, "No such note"))
        return note

    def _create(self, request: Request, person_id: int) -> Answer:
        self._open_record(person_id, write=True)
        body = checked(request, _NOTE_RULES)
        if self.gateway.note_types and body["note_type"] not in self.gateway.note_types:
            error = {"field": "note_type", "message": "not a code of the council's list"}
            return problem(400, "The request does not match the schema", errors=[error])
        key = request.headers.get("idempotency-key") if self.gateway.honours_idempotency_key else None
        if key and (known := self.book.by_key(key)):
            return as_json(200, self._shown(known))
        if self.gateway.unique_reference and (
            known := self.book.with_reference(person_id, self._folded(body["reference"]))
        ):
            if self.gateway.unique_reference == 409:
                return problem(409, "There is a note with this reference")
            return as_json(200, self._shown(known))
        note_id = self.book.next_id()

        def commit() -> Note:
            note = self._made(body, note_id, self.gateway.files_on_person or person_id, key)
            self.book.add(note, body.get("alert_recipients") or ())
            self._effect("create", body, note.person_id, note_id)
            return note

        if request.commit_after:
            self.weather.later(request.commit_after, commit)
            return Answer(202)
        shown = self._shown(commit())
        if self.gateway.echoes_person is not None:
            shown["person_id"] = self.gateway.echoes_person
        return as_json(201, shown)

    def _made(self, body: Mapping[str, Any], note_id: int, person_id: int, key: str | None) -> Note:
        now, gateway = self._now(), self.gateway
        finished = body.get("complete", True) and not gateway.stores_drafts
        title = body["title"]
        if gateway.reference_in_title:
            title = f"{title[: 99 - len(body['reference'])]} {body['reference']}"
        return Note(
            note_id,
            person_id,
            body["note_type"],
            title,
            sanitised(body["note"])[: gateway.truncates_at],
            datetime.fromisoformat(body["effective_date"]),
            bool(body.get("significant_event", False)),
            self._kept(body["reference"]),
            now,
            self.client_id[:30],
            now,
            completed_on=now if finished else None,
            timeout_on=None if finished else now + self.book.draft_timeout,
            acting_for=body.get("acting_for", ""),
            seen_from=now + timedelta(seconds=gateway.blind_seconds) if gateway.blind_seconds else None,
            idempotency_key=key,
        )

    def _complete(self, request: Request, note_id: int) -> Answer:
        note = self._note(note_id)
        self._open_record(note.person_id, write=True)
        if note.state(self.weather.clock.now()) in (COMPLETE, DELETED):
            return problem(409, "The note cannot be finished in its present state")

        def commit() -> None:
            if note.completed_on is None:
                self.book.finish(note, self._now())
                self._effect("complete", {"reference": note.reference}, note.person_id, note_id)

        if request.commit_after:
            self.weather.later(request.commit_after, commit)
            return Answer(202)
        commit()
        return as_json(200, self._shown(note))

    def _append(self, request: Request, note_id: int) -> Answer:
        note = self._note(note_id)
        self._open_record(note.person_id, write=True)
        body = checked(request, _APPENDMENT_RULES)
        if note.state(self.weather.clock.now()) in (DRAFT, DELETED):
            return problem(409, "The note cannot be appended to in its present state")
        if self.gateway.unique_reference or self.gateway.honours_idempotency_key:
            reference = self._folded(body["reference"])
            known = next((found for found in note.appendments if found.reference == reference), None)
            if known is not None:
                if self.gateway.unique_reference == 409:
                    return problem(409, "There is an appendment with this reference")
                return as_json(200, appendment_as_json(known))

        def commit() -> Appendment:
            text = sanitised(body["note"])[: self.gateway.truncates_at]
            by, author = self.client_id[:30], body.get("acting_for", "")
            made = Appendment(self.book.next_id(), text, self._kept(body["reference"]), self._now(), by, author)
            self.book.append(note, made)
            self._effect("append", body, note.person_id, made.appendment_id)
            return made

        if request.commit_after:
            self.weather.later(request.commit_after, commit)
            return Answer(202)
        return as_json(201, appendment_as_json(commit()))

    def _effect(self, operation: str, body: Mapping[str, Any], person_id: int, remote_id: int) -> None:
        self.weather.apply(operation, reference=body.get("reference"), subject=str(person_id), remote_id=str(remote_id))

    def _folded(self, reference: str) -> str:
        return reference.upper() if self.gateway.folds_reference else reference

    def _kept(self, reference: str) -> str | None:
        if self.gateway.drops_reference or self.gateway.reference_in_title:
            return None
        return self._folded(reference)
