"""What Mosaic does to a note's HTML on save: keeps a few tags, strips the rest, normalises entities and white space."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

KEPT = frozenset({"p", "br", "ul", "ol", "li", "strong", "em", "table", "thead", "tbody", "tfoot", "tr", "th", "td"})
_SILENT = frozenset({"script", "style", "head", "title", "template"})
_PLAIN = re.compile(r"</?(?:p|br|ul|ol|li|strong|em|table|thead|tbody|tfoot|tr|th|td)>")
_BETWEEN = re.compile(r">\s+<")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")


def sanitised(text: str) -> str:
    """The text as Mosaic keeps it: the same words, not the same bytes."""
    if "<" in _PLAIN.sub("", text) or "\x00" in text:
        parser = _Sieve()
        parser.feed(text)
        parser.close()
        text = "".join(parser.kept)
    elif "&" in text:
        text = "".join(part if part.startswith("<") else _escaped(html.unescape(part)) for part in _split(text))
    return _BETWEEN.sub("><", _SPACE.sub(" ", text)).strip()


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"(<[^>]*>)", text) if part]


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


class _Sieve(HTMLParser):
    """The slow way, for text with anything but the plain tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in KEPT:
            self.kept.append(f"<{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in KEPT:
            self.kept.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in KEPT and tag != "br":
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.kept.append(_escaped(data.replace("\x00", "")))
