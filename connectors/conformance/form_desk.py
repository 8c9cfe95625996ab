"""What a form desk must prove: F1 to F3. It prepares a submission, and never makes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from config.errors import ConfigurationError
from config.lado_form import LadoForm, shipped_form
from connectors.conformance.base import Connect
from connectors.conformance.common import CommonConformance
from connectors.conformance.examples import CHILDS_NAME, DAY, FORM_FIELD, NEW_FORM_FIELD, STORY
from connectors.conformance.stand_in import Habit
from connectors.conformance.subject import Subject
from connectors.errors import ConnectorError
from mappings.bodies import FormField, LadoPackage

_SENDS_NOTHING = "A form desk sends nothing."


def package(form: LadoForm | None = None, revision: int = 1) -> LadoPackage:
    """A whole package, every field answered with something that its kind takes."""
    fields = tuple(_answered(key, question) for key, question in (form or shipped_form()).questions().items())
    return LadoPackage(
        incident="EXH-2026-0001",
        revision=revision,
        adult="staff-9",
        triggers=(1,),
        fields=fields,
        children=(tuple(one for one in fields if one.section == "child"),),
        home="EXH",
        incident_id="inc-0001",
    )


class FormDeskConformance(CommonConformance):
    """A FormDesk, or what fills in an online form (`prefill`); its stand-in is a FormStandIn."""

    skips: ClassVar[Mapping[str, str]] = {
        "C3": "A form desk signs in nowhere.",
        **dict.fromkeys(("C4", "C5", "C6", "C7", "C8"), _SENDS_NOTHING),
    }

    def write(self, connector: Any, number: int) -> Any:
        """One package, written or filled in."""
        act = connector.prepare if hasattr(connector, "prepare") else connector.prefill
        return act(package(revision=number + 1))

    def read(self, connector: Any) -> Any:
        """A check."""
        return connector.check()

    def shown(self, connector: Any) -> Iterator[object]:
        """A package, and what is said of it."""
        yield from (connector, package(), self.write(connector, 1))

    def provoked(self, subject: Subject, connect: Connect) -> Iterator[Exception]:  # noqa: ARG002
        """Every wrong setting."""
        for wrong in subject.wrong.values():
            try:
                self.write(wrong.connect(), 1)
            except (ConnectorError, ConfigurationError) as why:
                yield why

    def test_c11_two_connectors_at_once_share_nothing(self, subject: Subject, connect: Connect) -> None:
        """Two desks, one after the other, in turns: each package is its own."""
        desks = [connect(), connect()]
        made = [desks[number % 2].prepare(package(revision=number)) for number in (1, 2, 3, 4)]
        assert len(subject.far_end.applied()) == 2 * len(made), "four packages are four files to read and four to copy"
        for number, files in enumerate(made, 1):
            assert f'"revision": {number}' in files.json.read_text("utf-8")

    @pytest.mark.parametrize("page", ["plain", Habit.SUBMITS_BY_ITSELF])
    def test_f1_filling_in_never_submits(self, page: str, subject: Subject, connect: Connect) -> None:
        """Fields are filled in and nothing is submitted, not even by a page that submits at every change."""
        if page != "plain":
            self.arm(subject, page)
        done = connect().prefill(package())
        assert done.filled, "nothing was filled in, so nothing was proven"
        assert not subject.stand_in.submissions()

    @pytest.mark.parametrize(
        ("habit", "named"),
        [
            (Habit.FIELD_RENAMED, FORM_FIELD),
            (Habit.FIELD_REMOVED, FORM_FIELD),
            (Habit.FIELD_ADDED, NEW_FORM_FIELD),
        ],
    )
    def test_f2_a_changed_form_stops_with_the_fields_name(
        self, habit: Habit, named: str, subject: Subject, connect: Connect
    ) -> None:
        """A field renamed, removed or added: an error that names it, and nothing half-filled is called ready."""
        self.arm(subject, habit)
        with pytest.raises(ConnectorError) as caught:
            connect().prefill(package())
        assert named in caught.value.message
        assert not subject.stand_in.submissions()

    def test_f3_a_package_is_the_same_bytes_again(self, connect: Connect) -> None:
        """The same revision and approval make the same files to the byte, whenever and by whichever desk."""
        first = [path.read_bytes() for path in _paths(connect().prepare(package()))]
        again = [path.read_bytes() for path in _paths(connect().prepare(package()))]
        assert first == again
        assert STORY.encode() in first[0]
        today = datetime.now(UTC).date()
        written = [f"{today:{style}}".encode() for style in ("%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%d %B %Y")]
        assert today == DAY or not [one for one in written for content in first if one in content], "it bears a date"

    def test_f3_a_package_holds_every_answer_and_tells_what_is_missing(self, connect: Connect) -> None:
        """A PDF, and a JSON with every answer of every child; each adult has files of their own; gaps are named."""
        whole = package()
        gap = whole.fields[0].model_copy(update={"value": None, "to_be_completed": True})
        second = tuple(one.model_copy(update={"value": f"{one.value} too"}) for one in whole.children[0])
        changes = {"fields": (gap, *whole.fields[1:]), "children": (*whole.children, second)}
        given = whole.model_copy(update=changes)
        files = connect().prepare(given)
        assert files.to_be_completed == given.to_be_completed
        told, answers = files.json.read_text("utf-8"), (*given.fields, *second)
        assert not [one.key for one in answers if isinstance(one.value, str) and one.value not in told]
        assert files.pdf.read_bytes().startswith(b"%PDF")
        assert connect().prepare(given.model_copy(update={"adult": "staff-8"})).json != files.json

    def test_f3_a_package_is_for_its_owner_alone(self, connect: Connect) -> None:
        """It holds names: nobody but the owner of the files may read them."""
        for path in _paths(connect().prepare(package())):
            assert not path.stat().st_mode & 0o077, f"others may read {path.suffix}"


def _paths(files: Any) -> tuple[Any, Any]:
    return files.json, files.pdf


def _answered(key: str, question: Any) -> FormField:
    kind = str(question.kind)
    value: str | bool | tuple[str, ...]
    if kind == "yes_no":
        value = True
    elif kind == "choices":
        value = (question.choices[0],)
    elif kind == "choice":
        value = question.choices[0]
    else:
        value = {
            "date": "2026-10-05", "datetime": "2026-10-05 14:05", "email": "someone@example.org",
            "phone": "01632 960000", "long_text": f"{STORY} of the day",
        }.get(kind, f"{CHILDS_NAME} {key}")  # fmt: skip
    return FormField(
        key=key,
        title=question.label,
        value=value,
        source="example",
        kind=kind,
        section="child" if key.startswith("child_") else "other",
        section_title="Example section",
        required=bool(question.required),
        choices=tuple(question.choices),
    )
