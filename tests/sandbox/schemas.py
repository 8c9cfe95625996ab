"""The contracts' schemas, to hold answers against."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import requests
import yaml

FOLDER = Path(__file__).parents[1] / "contracts"


@cache
def contract(name: str) -> dict[str, Any]:
    """One contract, `mosaic` or `recording`."""
    return yaml.safe_load((FOLDER / f"{name}.openapi.yaml").read_text("utf-8"))


def validator(name: str, schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """A validator for a schema within a contract; date-times are checked too."""
    whole = {**contract(name), **schema}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def answer_schema(name: str, path: str, method: str, status: int) -> tuple[str, dict[str, Any]]:
    """The content type and schema that the contract promises for an answer."""
    responses = contract(name)["paths"][path][method]["responses"]
    response = responses.get(str(status)) or {"$ref": f"#/components/responses/{_any(status)}"}
    if "$ref" in response:
        response = contract(name)["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    kind, content = next(iter(response["content"].items()))
    return kind, content["schema"]


def _any(status: int) -> str:
    """What "any call may answer" refers to."""
    return {429: "TooMany", 503: "TooMany", 410: "Merged"}.get(status, "Problem")


def keeps(name: str, path: str, method: str, answer: requests.Response) -> None:
    """Assert that an answer is what the contract promises."""
    kind, schema = answer_schema(name, path, method, answer.status_code)
    assert answer.headers["Content-Type"] == kind
    validator(name, schema).validate(answer.json())
