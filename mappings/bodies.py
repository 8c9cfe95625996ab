"""What is sent, ready to send: the outbox keeps one of these, encrypted, for each delivery.

A body is made once, when its revision is planned, and is sent as it stands at every try: same words, same
reference, same Message-ID. Moments are aware, in UTC.
"""

from __future__ import annotations

from mappings.incident import Frozen, Moment


class NoteBody(Frozen):
    """A case note for one child's Mosaic record. The last line of `html` is the reference."""

    title: str
    html: str
    effective_date: Moment
    note_type: str
    significant_event: bool = False
    acting_for: str = ""
    alert_recipients: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    """Further parts of a text over 32,000 characters, each sent as an appendment ("2 of 3", RULINGS 20)."""


class AppendmentBody(Frozen):
    """An addition to a finished note. The last line of `html` is the reference."""

    html: str
    acting_for: str = ""
    more: tuple[str, ...] = ()


class EntryBody(Frozen):
    """A daily-log entry or correction: initials only. The last line of `text` is the reference."""

    entry_time: Moment
    category: str
    text: str
    child_ids: tuple[str, ...] = ()


class MailBody(Frozen):
    """One mail to one person: no child's name, no story (RULINGS 26, 38, 39)."""

    to: str
    subject: str
    text: str
    html: str
    duties: tuple[str, ...]
    """The duties that this mail meets, such as `manager_notified`."""
    child_id: str | None = None


class FormField(Frozen):
    """One field of the LADO form. `value` None with `to_be_completed`: a manager fills it in, it is never guessed."""

    key: str
    title: str
    value: str | bool | tuple[str, ...] | None = None
    source: str | None = None
    """The form's `from`: where the value came from."""
    to_be_completed: bool = False
    section: str = ""
    section_title: str = ""
    kind: str = "text"
    """What kind of answer it takes, as the form has it: text, date, yes_no, choices..."""
    required: bool = True
    choices: tuple[str, ...] = ()
    help: str = ""


class LadoPackage(Frozen):
    """One submission for one adult of concern, for one revision (RULINGS 32, 33)."""

    form: str = "lado-contact-form"
    version: int = 1
    incident: str
    revision: int
    adult: str
    """The adult's staff id, or `to be identified`."""
    triggers: tuple[int, ...]
    fields: tuple[FormField, ...]
    """Every field of the form, in its order, with the first child's section."""
    home: str = ""
    incident_id: str = ""
    """Home and incident as the source knows them: two homes may share a running number."""
    ids_are_names: bool = False
    """Where ids are names, a file's own name holds none (RULINGS 38)."""
    children: tuple[tuple[FormField, ...], ...] = ()
    """The child section once for each child that the concern is about, the first included."""

    @property
    def to_be_completed(self) -> tuple[str, ...]:
        """Keys of the fields that a manager must fill in, for any child that the concern is about."""
        every = (*self.fields, *(field for section in self.children for field in section))
        missing = {field.key for field in every if field.to_be_completed}
        return tuple(field.key for field in self.fields if field.key in missing)
