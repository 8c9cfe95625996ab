"""The contracts as schemas: what comes in and what goes out is held against them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_FOLDER = Path(__file__).parent.parent / "contracts"


@cache
def _validator(document: str, pointer: str) -> Draft202012Validator:
    content = yaml.safe_load((_FOLDER / f"{document}.openapi.yaml").read_text("utf-8"))
    resource = Resource(contents=content, specification=DRAFT202012)
    registry = Registry().with_resource(f"urn:{document}", resource)
    return Draft202012Validator(
        {"$ref": f"urn:{document}#{pointer}"}, registry=registry, format_checker=FormatChecker(["date"])
    )


def faults(document: str, schema: str, value: object) -> list[str]:
    """Where a value breaks the contract: paths and rules, never values."""
    pointer = schema if schema.startswith("/") else f"/components/schemas/{schema}"
    found = _validator(document, pointer).iter_errors(value)
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.validator}" for one in found]
