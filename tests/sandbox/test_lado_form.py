"""The LADO form's page has every field of the contract, counts what is submitted, and can differ or misbehave."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest
import requests

from sandbox.lado_form import LadoForm, contract_sections, label
from tests.sandbox.schemas import FOLDER


@pytest.fixture
def form() -> Iterator[LadoForm]:
    with LadoForm() as running:
        yield running


def names(page: str) -> set[str]:
    return set(re.findall(r'name="([^"]+)"', page))


def test_the_page_has_a_labelled_control_for_every_field_of_the_contract(form: LadoForm) -> None:
    page = requests.get(form.url, timeout=5).text
    contract = tomllib.loads((FOLDER / "lado-contact-form.toml").read_text("utf-8"))["section"]
    keys = {field["key"] for section in contract for field in section["fields"]}
    assert names(page) == keys
    assert contract_sections() == contract, "the sandbox carries the contract as it is"
    assert all(label(key) in page for key in keys)


def test_a_submission_is_counted_with_what_it_said(form: LadoForm) -> None:
    requests.get(form.url, timeout=5)
    assert form.submissions() == []
    requests.post(f"{form.url}/submitted", data={"child_name": "Amara Pretend"}, timeout=5)
    assert form.submissions() == [{"child_name": ["Amara Pretend"]}]
    assert [effect.operation for effect in form.applied()] == ["submit"]


def test_the_form_can_rename_remove_and_add_fields(form: LadoForm) -> None:
    form.gateway.renamed = {"adult_name": "worker_name"}
    form.gateway.removed = frozenset({"child_views"})
    form.gateway.added = frozenset({"ward_of_court"})
    found = names(form.page())
    assert {"worker_name", "ward_of_court"} <= found
    assert not {"adult_name", "child_views"} & found


def test_the_form_can_submit_by_itself_or_ask_to_sign_in(form: LadoForm) -> None:
    assert "<script></script>" in form.page()
    form.gateway.submits_on_change = True
    form.gateway.submits_on_enter = True
    assert "'change'" in form.page()
    assert "'Enter'" in form.page()
    form.gateway.sign_in = True
    assert "<form" not in form.page()
