"""The manual: Markdown through myst-parser. `make docs` builds it, and a warning is an error."""

from importlib.metadata import version as installed_version

project = "incident-bridge"
author = "incident-bridge contributors"
copyright = "2026, incident-bridge contributors"
release = version = installed_version("incident-bridge")

extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {
    "description": "Safety intervention reports, delivered once and proven.",
    "fixed_sidebar": True,
    "page_width": "70rem",
}
language = "en-GB"
