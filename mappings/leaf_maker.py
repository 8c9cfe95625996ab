"""Compiles the fields of one map into leaves, and refuses what the map gets wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NoReturn

from mappings.durations import minutes_reader
from mappings.incident import Answer
from mappings.leaves import ID_FIELDS, IDS, NOTHING, Fetch, Kind, Leaf, Target, column_key, path_fetch, several_fetch
from mappings.map_file import FieldOptions, MapFile, wrong_map
from mappings.moment_readers import EXCEL, day_reader, moment_reader, paired_moment_reader
from mappings.readers import (
    Reader,
    Reading,
    Wrong,
    clean,
    code_reader,
    columns_reader,
    folded,
    id_reader,
    list_reader,
    text_reader,
    ticks_reader,
    whole_reader,
)

SYNONYMS = {
    Answer.YES: ("Yes", "Y", "True", "1"),
    Answer.NO: ("No", "N", "False", "0"),
    Answer.NOT_APPLICABLE: ("N/A", "NA", "Not applicable"),
}
"""How answers are written where a map has no [codes.Answer] of its own."""

_OPTIONS = {
    Kind.TEXT: {"numbers"},
    Kind.CODE: {"codes"},
    Kind.WHOLE: {"text"},
    Kind.MINUTES: {"text", "unit", "clock"},
    Kind.DAY: {"styles"},
    Kind.MOMENT: {"styles", "date", "time", "date_only"},
}
_ALWAYS = {"from", "constant", "default"}
_ONE_PLACE = ("from", "constant", "date", "ticks")


@dataclass(frozen=True)
class LeafMaker:
    """Compiles the leaves of one map. `used` collects the code tables that some leaf uses."""

    file: MapFile
    map_name: str
    used: set[str]

    def make(self, target: Target, options: FieldOptions, where: str, inside: str, name: str, number: int) -> Leaf:
        """One leaf. `where` is its place in the map's file; `number` stands for {n} in its columns."""
        self._check(target, options, where)
        columns = columns_of(options)
        if not number and any("{n}" in column for column in columns):
            self._complain(f"has {{n}} in '{where}', which is not numbered; remove it or say how far the numbers go")
        columns = [column.replace("{n}", str(number)) for column in columns]
        read = self._reader(target, options, columns, where, is_id=name in ID_FIELDS)
        default = NOTHING if options.default is None else self._own_word(options.default, read, where)
        if options.constant is not None:
            constant = self._own_word(options.constant, read, where)
            return Leaf(inside, name, "", "", None, lambda _: None, read, False, False, constant, False, ())
        single = isinstance(options.from_, str)
        fetch = self._fetch(columns[0]) if single else several_fetch(columns, self._fetch)
        way, key = self._way(columns[0]) if single else ("", None)
        return Leaf(
            inside=inside,
            name=name,
            label=columns[0] if single else "",
            way=way,
            key=key,
            fetch=fetch,
            read=read,
            required=target.required,
            keeps_blank=not self.rows and self._keeps_blank(target, options, name),
            default=default,
            is_missed=target.required or default is not NOTHING,
            columns=tuple(columns),
        )

    @staticmethod
    def _keeps_blank(target: Target, options: FieldOptions, name: str) -> bool:
        """In JSON a blank text is a text, but no id; and a text where a list belongs is wrong, however short."""
        if target.many:
            return options.separators is None
        return target.kind is Kind.TEXT and target.may_be_blank and name not in IDS

    @property
    def rows(self) -> bool:
        """Whether the map is for a spreadsheet's rows, where everything may come as text."""
        return self.file.layout == "rows"

    def _way(self, column: str) -> tuple[str, str]:
        """The steps that lead to a field, and its own."""
        if self.rows:
            return "", column_key(column)
        way, _, key = column.rpartition(".")
        return way, key

    def _fetch(self, column: str) -> Fetch:
        if self.rows:
            key = column_key(column)
            return lambda raw: raw.get(key)
        return path_fetch(column)

    def _check(self, target: Target, options: FieldOptions, where: str) -> None:
        allowed = _ALWAYS | _OPTIONS[target.kind]
        if target.many:
            allowed |= {"separators"} | ({"ticks"} if target.kind is Kind.CODE else set())
        for option in sorted(options.given() - allowed):
            self._complain(f"has '{option}' in '{where}', which is a {target.kind} and does not take it; remove it")
        places = [place for place in _ONE_PLACE if place in options.given()]
        if len(places) != 1:
            self._complain(f"must say exactly once where '{where}' comes from ({', '.join(_ONE_PLACE)})")
        if (options.date is None) != (options.time is None):
            self._complain(f"needs 'date' and 'time' together in '{where}'")
        if isinstance(options.from_, list) and not target.many:
            self._complain(f"has several columns in '{where}', which is not a list; name one")
        if not all(columns_of(options)) and options.constant is None:
            self._complain(f"has an empty name in '{where}'; name the field of the source")
        for style in options.styles or ():
            self._check_style(style, where)

    def _check_style(self, style: str, where: str) -> None:
        if style != EXCEL:
            try:
                datetime.strptime(datetime(2026, 11, 3, 14, 5).strftime(style), style)  # noqa: DTZ001, DTZ007
            except ValueError:
                self._complain(f"has the style '{style}' in '{where}', which is no strptime style and not '{EXCEL}'")
            if "%" not in style:
                self._complain(f"has the style '{style}' in '{where}', which is no strptime style and not '{EXCEL}'")

    def _reader(
        self, target: Target, options: FieldOptions, columns: Sequence[str], where: str, *, is_id: bool
    ) -> Reader:
        if target.many:
            return self._list_reader(target, options, columns, where, is_id=is_id)
        if target.kind is Kind.CODE:
            return code_reader(self._codes(target, options, where))
        if target.kind is Kind.WHOLE:
            return whole_reader(text=self._lenient(options.text), least=int(target.least))
        if target.kind is Kind.MINUTES:
            return minutes_reader(
                text=self._lenient(options.text),
                unit=options.unit or "minutes",
                clock=options.clock or "h:mm",
                most=target.most,
            )
        if target.kind is Kind.DAY:
            return day_reader(options.styles if options.styles is not None else self.file.styles.date)
        if target.kind is Kind.MOMENT:
            return self._moment_reader(options, columns)
        return self._text_reader(options, is_id=is_id)

    def _text_reader(self, options: FieldOptions, *, is_id: bool) -> Reader:
        reader = text_reader(numbers=self._lenient(options.numbers))
        return id_reader(reader) if is_id else reader

    def _moment_reader(self, options: FieldOptions, columns: Sequence[str]) -> Reader:
        if options.date is not None:
            styles = options.styles if options.styles is not None else self.file.styles.date
            return paired_moment_reader(columns[0], columns[1], styles)
        styles = options.styles if options.styles is not None else self.file.styles.moment
        return moment_reader(styles, date_only=options.date_only)

    def _list_reader(
        self, target: Target, options: FieldOptions, columns: Sequence[str], where: str, *, is_id: bool
    ) -> Reader:
        if options.ticks is not None:
            answers = code_reader(answer_codes(self.file.codes, Answer))
            self.used.add(Answer.__name__)
            ticks = dict(zip(columns, self._named(options.ticks, target, where).values(), strict=True))
            return ticks_reader(ticks, answers, Answer.YES)
        if target.kind is Kind.CODE:
            item = code_reader(self._codes(target, options, where))
        else:
            item = self._text_reader(options, is_id=is_id)
        separators = options.separators
        if separators is None and (self.rows or isinstance(options.from_, list)):
            separators = []
        reader = list_reader(item, separators)
        return columns_reader(columns, reader) if isinstance(options.from_, list) else reader

    def _codes(self, target: Target, options: FieldOptions, where: str) -> Mapping[str, Enum]:
        if target.enum is None:
            raise AssertionError("only a field of codes has codes")
        table = options.codes or target.enum.__name__
        if options.codes is not None and options.codes not in self.file.codes:
            self._complain(f"names the codes '{options.codes}' in '{where}', but has no [codes.{options.codes}]")
        self.used.add(table)
        if table in self.file.codes:
            return self._named(self.file.codes[table], target, f"codes.{table}")
        return answer_codes({}, target.enum)

    def _named(self, table: Mapping[str, str], target: Target, where: str) -> dict[str, Enum]:
        if target.enum is None:
            raise AssertionError("only a field of codes has codes")
        ours = {str(member.value): member for member in target.enum}
        seen: dict[str, str] = {}
        for code, word in table.items():
            if word not in ours:
                self._complain(
                    f"has '{word}' in '{where}', but the incident knows only {', '.join(filter(None, ours))}"
                )
            if seen.setdefault(folded(code), word) != word:
                self._complain(f"gives one code of '{where}' two meanings; case and spaces make no difference")
        return {code: ours[word] for code, word in table.items()}

    def _lenient(self, option: bool | None) -> bool:
        return self.rows if option is None else option

    def _own_word(self, word: object, read: Reader, where: str) -> object:
        try:
            return read(clean(word) if isinstance(word, str) else word, Reading())
        except Wrong:
            self._complain(f"has a constant or default in '{where}' that the field cannot hold; correct it")

    def _complain(self, complaint: str) -> NoReturn:
        wrong_map(self.map_name, complaint)


def answer_codes(tables: Mapping[str, Mapping[str, str]], enum: type[Enum]) -> dict[str, Enum]:
    """The codes of an enum: the map's table of its name, else its own words, and for answers their synonyms."""
    own: dict[str, Enum] = {str(member.value): member for member in enum}
    if enum.__name__ in tables:
        return {code: own[word] for code, word in tables[enum.__name__].items()}
    if enum is Answer:
        return {word: answer for answer, words in SYNONYMS.items() for word in words}
    return own


def columns_of(options: FieldOptions) -> list[str]:
    """The source's fields that an Incident's field comes from, as the map writes them."""
    if options.ticks is not None:
        return list(options.ticks)
    if options.date is not None and options.time is not None:
        return [options.date, options.time]
    if isinstance(options.from_, list):
        return options.from_
    return [] if options.from_ is None else [options.from_]
