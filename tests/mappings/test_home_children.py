"""The children whom a home knows: one growing memory shared by all its reports, and as safe as one made anew."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from config.home import KnownAs
from mappings.home_children import HomeChildren, home_children
from mappings.incident import Child
from mappings.initials import incident_initials
from mappings.name_index import NameIndex
from mappings.names import redactor_for
from mappings.person_name import NamedChild, person_name
from mappings.redactor import RedactionFailed, Redactor
from tests.mappings.reports import AISHA, GRACE, incident

NAMES = (
    "Will Poole",
    "Poole, Will",
    "Grace Poole",
    "Kaitlyn Quillfeather",
    "May Testwell",
    "W. Poole",
    "Katie Poole",
    "",
)
TEXT = (
    "Will Poole and Grace hit May; Kaitlyn's mum, Mrs Quillfeather, rang. kpoole and KaitlynPoole wrote to W P. "
    "May it be so, will it? Wi ll and QuillfeatherKaitlyn, K.Q., Bee and Testwell."
)


def test_initials_stay_those_of_a_childs_first_appearance_whatever_it_is_called_later() -> None:
    home = HomeChildren([("a", "Jo Sample"), ("b", "Jim Sample")])
    home.add("a", "Ann Other")
    home.add("c", "Jan Sample")
    assert [home.initials(child) for child in ("a", "b", "c", "d")] == ["J.S.", "J.S.2", "J.S.3", None]
    assert list(home) == [("a", "Jo Sample"), ("b", "Jim Sample"), ("c", "Jan Sample"), ("a", "Ann Other")]
    assert home.knows("a", "Ann Other")
    assert not home.knows("b", "Ann Other")


def test_a_report_whose_children_are_known_shares_the_homes_own_memory() -> None:
    home = HomeChildren([("child-40", "Thad Wexcombe")])
    report = incident(children=(AISHA, GRACE))
    assert home_children(home, report) is not home
    for child in report.children:
        home.add(child.child_id, child.name)
    assert home_children(home, report) is home
    assert incident_initials(report, home) == {AISHA.child_id: "A.T.", GRACE.child_id: "G.P."}


def test_a_child_who_is_named_later_is_hidden_in_the_same_record_from_then_on() -> None:
    home = HomeChildren([(AISHA.child_id, AISHA.name)])
    report = incident(children=(AISHA,))
    before = redactor_for(report, (AISHA.child_id,), home)
    assert before.text("Thad Wexcombe left") == "Thad Wexcombe left"
    home.add("child-40", "Thad Wexcombe")
    assert redactor_for(report, (AISHA.child_id,), home).text("Thad Wexcombe left") == "another child left"


def test_an_adult_keeps_a_name_only_until_a_child_of_the_home_has_it() -> None:
    home = HomeChildren([(AISHA.child_id, AISHA.name)])
    report = incident(children=(AISHA,), created_by="Thad Wexcombe")
    assert redactor_for(report, (AISHA.child_id,), home).adult("Thad Wexcombe") == "Thad Wexcombe"
    home.add("child-40", "Thad Wexcombe")
    assert "Wexcombe" not in redactor_for(report, (AISHA.child_id,), home).adult("Thad Wexcombe")


def test_nicknames_of_the_homes_file_hide_a_child_whom_no_report_has_named_yet_and_later_too() -> None:
    known_as = (KnownAs(child="child-40", names=("Taddypole",)),)
    home = HomeChildren([(AISHA.child_id, AISHA.name)])
    report = incident(children=(AISHA,))

    def hide(text: str) -> str:
        return redactor_for(report, (AISHA.child_id,), home, known_as=known_as).text(text)

    assert hide("Taddypole and Wexcombe") == "another child and Wexcombe"
    home.add("child-40", "Thad Wexcombe")
    assert hide("Taddypole and Wexcombe") == "another child and another child"


def test_namesakes_are_found_once_and_each_keeps_the_name_in_its_own_record() -> None:
    home = HomeChildren([(f"kid-{n}", "Sam Sample") for n in range(500)])
    index = home.index()
    assert len(index.starts["sample"]) == 1
    own = Child(child_id="kid-7", name="Sam Sample")
    assert redactor_for(incident(children=(own,)), ("kid-7",), home).text("Sam Sample sat") == "Sam Sample sat"
    assert redactor_for(incident(children=(AISHA,)), (AISHA.child_id,), home).text("Sam sat") == "another child sat"


def test_two_namesakes_in_one_report_are_told_by_both_their_letters() -> None:
    sams = tuple(Child(child_id=f"child-{n}", name="Sam Sample") for n in (1, 2))
    found = redactor_for(incident(children=(AISHA, *sams)), (AISHA.child_id,))
    assert found.text("Sam Sample hit Aisha") == "another child (A or B) hit Aisha"


class _OneEach(NameIndex):
    """An index to which no two children are one: what the shared one must agree with."""

    def of(self, child_id: str) -> str:
        return child_id

    def add(self, child: NamedChild) -> None:
        self._add(child.child_id, person_name(child.name, child.known_as))


@settings(max_examples=60, deadline=None)
@given(
    children=st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(NAMES)), min_size=1, max_size=8),
    own=st.sampled_from("abc"),
    labelled=st.sets(st.sampled_from("abcde"), max_size=3),
    nickname=st.sampled_from(("", "Bee")),
)
def test_an_index_that_grew_hides_what_one_made_anew_for_each_child_hides(
    children: list[tuple[str, str]], own: str, labelled: set[str], nickname: str
) -> None:
    known_as = (KnownAs(child="e", names=(nickname,)),) if nickname else ()
    grown = HomeChildren()
    index = grown.index(known_as)
    for child in children:
        grown.add(*child)
    nicknames = {"e": (nickname,)} if nickname else {}
    anew = _OneEach([*(NamedChild(*child, nicknames.get(child[0], ())) for child in children)])
    for child_id, names in nicknames.items():
        anew.add(NamedChild(child_id, "", names))

    def hidden(of: NameIndex) -> str:
        labels = {child: f"another child ({child.upper()})" for child in sorted(labelled - {own})}
        adults = ("Will Poole", "May Wexcombe")
        found = Redactor(of, own=(own,), labels=labels, adults=lambda: adults, staff=("Katie Poole",))
        try:
            return found.text(TEXT) + found.adult("Will Poole") + found.adult("May Wexcombe")
        except RedactionFailed:
            return "failed"

    assert hidden(index) == hidden(anew)
