"""What is appended to a child's finished note when the report changes: what it holds and now reads otherwise.

A finished note cannot be edited, so nothing is changed behind anyone's back: every appendment says which revision
amends it, and when. What is still owed depends on the hour; it never causes an appendment, and closes each one.
"""

from __future__ import annotations

from mappings.bodies import AppendmentBody
from mappings.case_note import NoteContext, note_redactor, note_sections, origin_line
from mappings.exemption import exempt_children
from mappings.home_children import home_children
from mappings.incident import Incident, Status
from mappings.note_parts import in_parts
from mappings.note_sections import still_owed
from mappings.note_subject import blocks_of
from mappings.said import said
from mappings.wording import escaped, one_line, readable


def amendment(before: Incident | None, after: Incident, child_id: str, context: NoteContext) -> AppendmentBody | None:
    """The appendment that takes a child's note from one revision to the next, or None where nothing it holds changed.

    `before` is None where what it said is no longer kept; `context` is the later revision's. The caller knows that
    there is a note to append to. Raises RedactionFailed when a text cannot be made safe.
    """
    reports = (after,) if before is None else (before, after)
    context = context._replace(known_children=home_children(context.known_children, *reports))
    blocks = _what_changed(before, after, child_id, context)
    if blocks is None:
        return None
    number = escaped(one_line(after.number, 40))
    opening = (
        f"<p><strong>Amended by revision {context.revision} (source version {after.version})</strong>: "
        f"report {number}, {_author(after, child_id, context)}, changed {readable(after.modified_at)}.</p>"
    )
    first, *more = in_parts([opening, *blocks, origin_line(after, context)], context.part)
    return AppendmentBody(html=first, acting_for=context.home.mosaic.acting_for, more=tuple(more))


def note_text_changed(before: Incident, after: Incident, child_id: str, context: NoteContext) -> bool:
    """Whether anything that the child's note holds reads otherwise in the later revision."""
    context = context._replace(known_children=home_children(context.known_children, before, after))
    return _what_changed(before, after, child_id, context) is not None


def _what_changed(before: Incident | None, after: Incident, child_id: str, context: NoteContext) -> list[str] | None:
    if after.status is Status.VOID:
        return None if before is not None and before.status is Status.VOID else [_VOIDED]
    if after.child(child_id) is None:
        return None if before is not None and before.child(child_id) is None else [_NO_LONGER_NAMED]
    now = note_sections(after, child_id, context)
    owed = still_owed(context.duties, child_id, context.now)
    whole = [*now.items(), owed]
    if before is None:
        return [*([_BACK_TO_DRAFT] if after.status is Status.DRAFT else []), _NOT_KEPT, *blocks_of(whole)]
    if before.status is Status.VOID:
        return [_UNVOIDED, *blocks_of(whole)]
    if before.child(child_id) is None:
        return [_NAMED_AGAIN, *blocks_of(whole)]
    earlier = context._replace(exempt=child_id in exempt_children(before))
    then = note_sections(before, child_id, earlier)
    changed = [(heading, blocks) for heading, blocks in now.items() if then.get(heading) != blocks]
    gone = [heading for heading in then if heading not in now]
    if not changed and not gone:
        return None
    lead = [_BACK_TO_DRAFT] if after.status is Status.DRAFT and before.status is not Status.DRAFT else []
    reads = ["<p>What follows replaces the parts of the same name above.</p>"] if changed else []
    withdrawn = [f"<p><strong>{heading}</strong><br>No longer in the report.</p>" for heading in gone]
    return [*lead, *reads, *blocks_of(changed), *withdrawn, *blocks_of([owed])]


def _author(after: Incident, child_id: str, context: NoteContext) -> str:
    if not said(after.created_by):
        return "by an author whom the report does not name"
    return f"written by {escaped(note_redactor(after, child_id, context).adult(after.created_by))}"


_VOIDED = (
    "<p><strong>This report was voided in the recording system: the note above was recorded in error.</strong> "
    "It must not be relied on. A person at the home asks the council's administrators to delete it.</p>"
)
_UNVOIDED = (
    "<p><strong>The report is in force again: it is no longer void.</strong> The words &quot;recorded in error&quot; "
    "above no longer apply. The report now reads as follows.</p>"
)
_BACK_TO_DRAFT = (
    "<p><strong>Staff have taken the report back to draft.</strong> It may still change; "
    "a further appendment follows when it is submitted again.</p>"
)
_NAMED_AGAIN = "<p><strong>The report names this child again.</strong> It now reads as follows.</p>"
_NOT_KEPT = (
    "<p>What was sent for this note before is past its time and no longer kept, so nothing can be compared. The report "
    "now reads as follows.</p>"
)
_NO_LONGER_NAMED = (
    "<p><strong>The report no longer names this child.</strong> The note above may have been recorded in error; "
    "the home's manager must say whether it stands.</p>"
)
