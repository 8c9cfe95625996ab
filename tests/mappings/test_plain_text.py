"""What a target holds is compared by what it says: sanitising makes no difference, a missing word does."""

from __future__ import annotations

import html as html_module
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.case_note import case_note
from mappings.plain_text import last_line_reference, same_text, text_of, truncated
from tests.mappings.reports import REFERENCE, full_report, note_context

NOTE = case_note(full_report(), "child-17", note_context()).html
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Cn", "Co")), max_size=60)


def test_text_has_a_line_for_each_paragraph_item_and_cell() -> None:
    html = (
        "<p>One&nbsp;&amp;  <strong>two</strong><br/>three</p><ul><li>a</li><li>b</li></ul><table><tr><td>c</td><td>d"
    )
    assert text_of(html) == "One & two\nthree\na\nb\nc\nd"


def test_smart_quotes_stay_and_characters_nobody_sees_go() -> None:
    assert text_of("<p>“it’s”\u200b\ufeff ok</p>") == "“it’s” ok"


def test_scripts_and_styles_are_no_text() -> None:
    assert text_of("<style>p{}</style><p>a</p><script>b()</script>") == "a"


@pytest.mark.parametrize(
    "sanitise",
    [
        text_of,
        lambda html: text_of(html).replace("\n", " "),
        lambda html: text_of(html).replace("\n", ""),
        lambda html: html.replace("<p>", "<P class='x'>").replace("<br>", "<br />"),
        lambda html: re.sub(r"</?(table|thead|tbody|tr|th|td)>", "", html),
        lambda html: re.sub(r"</?(strong|em)>", "", html).replace(" ", "&nbsp;"),
        lambda html: html.replace("'", "&#39;").replace("’", "&rsquo;"),
        lambda html: html.replace("><", ">\r\n  <"),
    ],
)
def test_what_a_sanitiser_does_makes_no_difference(sanitise: object) -> None:
    held = sanitise(NOTE)  # type: ignore[operator]
    assert same_text(NOTE, held)
    assert not truncated(NOTE, held)
    assert last_line_reference(held) == REFERENCE


def test_a_changed_or_missing_word_is_a_difference() -> None:
    assert not same_text(NOTE, NOTE.replace("elbow", "arm"))
    assert not same_text(NOTE, NOTE.replace("not ", ""))


@pytest.mark.parametrize("at", [1, 40, 500, 1500, len(NOTE) - 9])
def test_a_cut_text_is_truncated(at: int) -> None:
    assert truncated(NOTE, NOTE[:at])
    assert truncated(NOTE, text_of(NOTE)[: at // 3] + "…")
    assert not truncated(NOTE[:at], NOTE)


def test_another_text_is_not_truncated() -> None:
    assert not truncated(NOTE, "<p>Something else.</p>")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("<p>x</p><p>Reference: IB-1</p>", "IB-1"),
        ("x\nreference:IB-1  \n\n", "IB-1"),
        ("x\nREFERENCE :  IB-1.", "IB-1"),
        ("<p>x</p><p><strong>Reference:</strong> IB-1</p><p>&nbsp;</p>", "IB-1"),
        ("<div>Reference:</div><div>IB-1</div>", "IB-1"),
        ("x Reference: IB-1-2", "IB-1-2"),
        (f"Place: a <script> {'far ' * 60}\nReference: IB-1", "IB-1"),
        ("<p>Reference: IB-1</p><p>Seen by the duty worker.</p>", None),
        ("<p>Reference: two words</p>", None),
        ("<p>Preference: IB-1</p>", None),
        ("", None),
        ("<p>x</p>", None),
    ],
)
def test_the_reference_is_read_from_the_last_line(text: str, reference: str | None) -> None:
    assert last_line_reference(text) == reference


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=5))
def test_escaped_text_comes_back(lines: list[str]) -> None:
    html = "".join(f"<p>{html_module.escape(line, quote=False)}</p>" for line in lines)
    assert same_text(html, "\n".join(html_module.escape(line) for line in lines))
    assert same_text(html, html)


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS)
def test_sameness_is_symmetric_and_a_beginning_is_never_the_same(one: str, two: str) -> None:
    first = f"<p>{html_module.escape(one)}</p>"
    both = f"<p>{html_module.escape(one)}</p><p>{html_module.escape(two)}</p>"
    assert same_text(first, both) == same_text(both, first)
    assert not (truncated(both, first) and same_text(both, first))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_input_at_all_is_read(text: str) -> None:
    assert text_of(text) == text_of(text)
    assert same_text(text, text)
    assert not truncated(text, text)
    assert last_line_reference(f"{text}\n<p>Reference: IB-1</p>") == "IB-1"
