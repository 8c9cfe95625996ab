"""Writes a LADO package down. It never submits one: a named manager decides (DESIGN 8)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.settings import Settings
from connectors.edge import bare
from connectors.errors import Misconfigured
from connectors.lado_package.folder import PrivateFolder
from connectors.protocols import Health, PackageFiles
from mappings.bodies import FormField, LadoPackage

_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


class LadoPackageDesk:
    """Writes packages into one folder. Safe to use from many threads and processes."""

    def __init__(self, out_dir: Path) -> None:
        self._folder = PrivateFolder(out_dir)

    @bare
    def prepare(self, package: LadoPackage) -> PackageFiles:
        """Write the JSON and the PDF, each whole or not at all, readable by the owner alone.

        The JSON comes last: where it is there, the PDF is of the same revision and approval. The bytes depend on the
        package alone. Raises Misconfigured where the folder cannot be written.
        """
        from connectors.lado_package.pdf import readable_pdf  # few runs write a package, and it is slow to load

        name = file_name(package)
        pdf = self._folder.write(f"{name}.pdf", readable_pdf(package))
        written = self._folder.write(f"{name}.json", package_json(package))
        return PackageFiles(json=written, pdf=pdf, to_be_completed=package.to_be_completed)

    def check(self) -> Health:
        """See that a file can be written into the folder, and leave nothing there."""
        try:
            self._folder.try_writing()
        except Misconfigured as why:
            return Health(ok=False, sentence=why.message, setting=why.setting)
        return Health(
            ok=True, sentence=f"LADO packages can be written to {self._folder.path}, readable by its owner alone."
        )


def connect(settings: Settings) -> LadoPackageDesk:
    """The desk of this site."""
    return LadoPackageDesk(settings.lado.out_dir)


def file_name(package: LadoPackage) -> str:
    """The files' name without its ending: incident, revision, the adult where its id is no name, and a hash that keeps
    homes and odd ids apart."""
    exact = [package.home, package.incident_id, package.incident, package.revision, package.adult]
    apart = hashlib.sha256(json.dumps(exact).encode()).hexdigest()[:10]
    adult = [] if package.ids_are_names else [_safe(package.adult)]
    return "_".join([_safe(package.incident), f"r{package.revision}", *adult, apart])


def package_json(package: LadoPackage) -> bytes:
    """The package as JSON, in the form's order (FACE)."""
    written = {
        "form": package.form,
        "version": package.version,
        "incident": package.incident,
        "revision": package.revision,
        "adult": package.adult,
        "triggers": list(package.triggers),
        "fields": _answers(package.fields),
        "children": [_answers(section) for section in package.children],
    }
    return (json.dumps(written, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _answers(fields: Iterable[FormField]) -> Mapping[str, Mapping[str, object]]:
    return {
        field.key: {"value": None, "to_be_completed": True}
        if field.to_be_completed
        else {"value": list(field.value) if isinstance(field.value, tuple) else field.value, "from": field.source}
        for field in fields
    }


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-")[:40].strip("-") or "x"
