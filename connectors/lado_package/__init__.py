"""LADO packages: a PDF to read and a JSON to copy from, in a folder that its owner alone can read (RULINGS 41)."""

from connectors.lado_package.desk import LadoPackageDesk, connect

__all__ = ["LadoPackageDesk", "connect"]
