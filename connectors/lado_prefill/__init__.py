"""Fills in a council's online LADO form in a browser. It never sends it: that is a person's act (DESIGN 8)."""

from connectors.lado_prefill.form_page import FormChanged
from connectors.lado_prefill.from_file import prefill_form
from connectors.lado_prefill.prefill import LadoPrefill, Prefilled, connect

__all__ = ["FormChanged", "LadoPrefill", "Prefilled", "connect", "prefill_form"]
