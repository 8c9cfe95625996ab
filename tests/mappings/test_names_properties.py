"""Whatever staff write about other children, none of them is named in the record."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.amendment import amendment
from mappings.case_note import case_note
from mappings.incident import Allegation, Child, Incident, RaisedBy
from mappings.log_entry import LogContext, log_entry
from mappings.names import NamedChild, redactor_for
from mappings.plain_text import text_of
from tests.mappings.reports import AISHA, home, incident, note_context

OTHERS = (
    Child(child_id="child-31", name="Kaitlyn Quillfeather"),
    Child(child_id="child-32", name="Mohammed al-Rashid"),
    Child(child_id="child-33", name="Zoë O'Brien-Marsden"),
    Child(child_id="child-34", name="Grace Pennyfold"),
)
KNOWN = (NamedChild("child-40", "Thaddeus Wexcombe", ("Taddypole",)),)

#: What must never be left, folded: surnames, first names that are no words, nicknames.
SECRETS = frozenset(
    {"kaitlyn", "kait", "quillfeather", "mohammed", "mohammad", "rashid", "zoe", "obrien", "marsden", "pennyfold"}
    | {"thaddeus", "wexcombe", "taddypole"}
)

NAMES = (
    *("Kaitlyn Quillfeather", "Kaitlyn", "Quillfeather", "K. Quillfeather", "Kait", "Quillfeather, Kaitlyn"),
    *("Mohammed", "Mohammad al Rashid", "al-Rashid", "Rashid", "Zoë", "Zoe O’Brien", "O'Brien", "O'Brien-Marsden"),
    *("Marsden", "Obrien", "Grace Pennyfold", "Pennyfold", "Thaddeus", "Thaddeus Wexcombe", "Taddypole"),
)
TEMPLATES = (
    "{} hit Aisha.",
    "Aisha threw a cup at {}, then stopped.",
    "{}'s door was shut and {}’s mum rang.",
    "({}) / {}; <i>{}</i>",
    "- {}\n- Aisha\n- {}",
    "“{} did it,” said Aisha.",
    "Staff asked {}: will you stop?",
    "see {}@example.org or https://x.example/{}/1",
    "#{} _{}_ *{}* {}…",
)


def _written(draw: st.DrawFn, name: str) -> str:
    how = draw(st.integers(0, 7))
    if how == 1:
        return name.upper()
    if how == 2:
        return name.lower()
    if how == 3:
        return unicodedata.normalize("NFD", name)
    if how == 4:
        place = draw(st.integers(1, len(name) - 1))
        return f"{name[:place]}\u200b{name[place:]}"
    if how == 5:
        return name.replace(" ", "\u00a0 ")
    if how == 6:
        return name.replace("'", "’").replace(" ", "\n") if "," not in name else name
    return name


@st.composite
def stories(draw: st.DrawFn) -> str:
    """A text that names the other children in every way."""
    pieces = []
    for template in draw(st.lists(st.sampled_from(TEMPLATES), min_size=1, max_size=4)):
        written = [_written(draw, draw(st.sampled_from(NAMES))) for _ in range(template.count("{}"))]
        pieces.append(template.format(*written))
    return draw(st.sampled_from([" ", "\n", "\n\n", ". "])).join(pieces)


def _left(html: str) -> list[str]:
    text = unicodedata.normalize("NFKD", text_of(html)).casefold()
    letters = re.sub(r"[^a-z]+", " ", re.sub(r"[\u0300-\u036f\u200b'’]", "", text))
    return [secret for secret in SECRETS if secret in letters]


def _report(story: str) -> Incident:
    return incident(
        children=(AISHA.model_copy(update={"injury_details": story}), *OTHERS),
        narrative=story,
        behaviour_before=story,
        location=story,
        created_by=story,
        allegations=(
            Allegation(
                raised_by=RaisedBy.OTHER_CHILD, raised_by_name=story, summary=story, concerning_child_id="child-17"
            ),
        ),
    )


@settings(max_examples=150, deadline=None)
@given(stories())
def test_no_other_child_is_named_in_a_text(story: str) -> None:
    found = redactor_for(_report("x"), ("child-17",), KNOWN).text(story)
    assert _left(found.replace("<", " <").replace(">", "> ")) == []


@settings(max_examples=40, deadline=None)
@given(stories())
def test_no_other_child_is_named_in_a_note_a_title_an_appendment_or_an_entry(story: str) -> None:
    report, context = _report(story), note_context(known_children=KNOWN)
    note = case_note(report, "child-17", context)
    assert _left(note.title) == []
    assert [part for html in (note.html, *note.more) for part in _left(html)] == []
    appended = amendment(_report("Quiet."), report, "child-17", context)
    assert appended is not None
    assert _left(appended.html) == []
    entry = log_entry(report, LogContext(home(), "R-1", KNOWN))
    assert _left(entry.text.replace("<", "&lt;")) == []


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_at_all_passes_and_one_without_names_comes_out_as_it_went_in(text: str) -> None:
    redactor = redactor_for(_report("x"), ("child-17",), KNOWN)
    once = redactor.text(text)
    assert redactor.text(once) == once
    assert _left(once.replace("<", "&lt;")) == []
