"""Recording connectors with one thing wrong each: S1 to S11."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.edge import bare
from connectors.errors import NotApplied
from connectors.protocols import Index, SourceAnswer, SourcePage, SourceRecord
from connectors.recording_rest.source import RecordingRest


def _changed(item: Any) -> datetime:
    return datetime.fromisoformat(item["modifiedAt"])


class LosesWhatFillsThePage(RecordingRest):
    """Where the last page is full to the brim, its last report goes over the edge."""

    breaks = "S1"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        *before, last = super().pull(home_id, since)
        yield from before
        yield replace(last, items=last.items[: self._page_size - 1]) if len(last.items) == self._page_size else last


class LeavesDraftsAlone(RecordingRest):
    """A draft is nothing yet, it thinks."""

    breaks = "S1"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        for page in super().pull(home_id, since):
            yield replace(page, items=[item for item in page.items if item["status"] != "Draft"])


class DropsTies(RecordingRest):
    """Of reports with one time stamp it keeps the first."""

    breaks = "S2"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        seen: set[str] = set()
        for page in super().pull(home_id, since):
            kept = []
            for item in page.items:
                if item["modifiedAt"] not in seen:
                    kept.append(item)
                    seen.add(item["modifiedAt"])
            yield replace(page, items=kept)


class BeginsAfterTheMark(RecordingRest):
    """A report at the very moment where the last run ended was surely read."""

    breaks = "S2"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        for page in super().pull(home_id, since):
            yield replace(page, items=[item for item in page.items if _changed(item) > since])


class SeesEachReportOnce(RecordingRest):
    """A report that comes a second time in a walk is the same as before, it thinks."""

    breaks = "S3"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        seen: set[str] = set()
        for page in super().pull(home_id, since):
            yield replace(page, items=[item for item in page.items if item["incidentId"] not in seen])
            seen |= {item["incidentId"] for item in page.items}


class StopsAtAnEmptyPage(RecordingRest):
    """Nothing on the page means nothing more to come."""

    breaks = "S4"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        for page in super().pull(home_id, since):
            if not page.items:
                return
            yield page


class KeepsItsOwnMark(RecordingRest):
    """It knows better than its caller where it was, and takes no overlap."""

    breaks = "S5"
    _mark = datetime(2000, 1, 1, tzinfo=UTC)

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        for page in super().pull(home_id, max(since, self._mark)):
            self._mark = max([self._mark, *map(_changed, page.items)])
            yield page


class BeginsWithTheNewest(RecordingRest):
    """The newest reports come first: a run that ends early has moved the mark past all the others."""

    breaks = "S6"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        yield from reversed([*super().pull(home_id, since)])


class ForgetsWhereToBegin(RecordingRest):
    """Every pull begins at the beginning."""

    breaks = "S7"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        del since
        yield from super().pull(home_id, datetime(2000, 1, 1, tzinfo=UTC))


class SkipsWhatItCannotRead(RecordingRest):
    """A report that lacks something is left out, so that nobody is troubled by it."""

    breaks = "S8"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        for page in super().pull(home_id, since):
            yield replace(page, items=[item for item in page.items if "interventionType" in item])


class KeepsOnlyTheKeysOfTheDamaged(RecordingRest):
    """Of a report that it cannot read it passes on what it can."""

    breaks = "S8"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        keys = ("incidentId", "homeId", "status", "version", "modifiedAt")
        for page in super().pull(home_id, since):
            items = [item if "interventionType" in item else {key: item[key] for key in keys} for item in page.items]
            yield replace(page, items=items)


class TakesWallTimeForUtc(RecordingRest):
    """A time without a zone is UTC to it."""

    breaks = "S9"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        for page in super().pull(home_id, since):
            yield replace(page, items=[{**item, "occurredAt": f"{item['occurredAt']}Z"} for item in page.items])


class GivesAShortIndex(RecordingRest):
    """An index that does not add up is better than none."""

    breaks = "S10"

    def index(self, home_id: str, start: date, end: date) -> Index:
        try:
            return super().index(home_id, start, end)
        except NotApplied as why:
            if "incomplete" not in why.message:
                raise
        return Index(home_id, start, end, ())


class CountsOnlyTheSubmitted(RecordingRest):
    """What was voided counts no more."""

    breaks = "S10"

    def index(self, home_id: str, start: date, end: date) -> Index:
        index = super().index(home_id, start, end)
        return replace(index, rows=tuple(row for row in index.rows if row.status != "Void"))


class ReadsOnePageOfTheIndex(RecordingRest):
    """An index is one page, it thinks, and where that does not add up it waits for a better day."""

    breaks = "S10"

    @bare
    def index(self, home_id: str, start: date, end: date) -> Index:
        query = {"occurredFrom": str(start), "occurredTo": str(end), "homeId": home_id, "limit": "1000"}
        page = self.http.read("/incidents/index", query, doing="the index").content
        if isinstance(page, dict) and page.get("nextCursor") is not None:
            raise NotApplied("The recording system's index is incomplete; it is read again later.")
        return super().index(home_id, start, end)


class KeepsTheFirstChild(RecordingRest):
    """A report is about one child, it thinks."""

    breaks = "S1"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        for page in super().pull(home_id, since):
            yield replace(page, items=[{**item, "children": item["children"][:1]} for item in page.items])


class RoundsUpWhereItBegins(RecordingRest):
    """It asks from the next whole second on."""

    breaks = "S2"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        yield from super().pull(home_id, since + timedelta(microseconds=-since.microsecond % 1_000_000))


class GoesByTheId(RecordingRest):
    """The lowest ids come first, whenever they were changed."""

    breaks = "S6"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        items = [item for page in super().pull(home_id, since) for item in page.items]
        items.sort(key=lambda item: str(item["incidentId"]))
        for start in range(0, len(items), self._page_size):
            yield SourcePage(items[start : start + self._page_size], start // self._page_size + 1)


class ClaimsMoreThanItReads(RecordingRest):
    """It reads a month of the index, whatever was asked for, and claims all of it."""

    breaks = "S10"

    def index(self, home_id: str, start: date, end: date) -> Index:
        return replace(super().index(home_id, max(start, end - timedelta(days=31)), end), start=start)


class CountsNoDamagedReport(RecordingRest):
    """What has no version that can be read is no report."""

    breaks = "S10"

    def index(self, home_id: str, start: date, end: date) -> Index:
        index = super().index(home_id, start, end)
        return replace(index, rows=tuple(row for row in index.rows if row.version))


class TakesAnIdForANumber(RecordingRest):
    """An id of digits is a number to it, and zeros in front of it are none."""

    breaks = "S11"

    def index(self, home_id: str, start: date, end: date) -> Index:
        index = super().index(home_id, start, end)
        rows = (replace(row, incident_id=row.incident_id.lstrip("0")) for row in index.rows)
        return replace(index, rows=tuple(rows))


class AsksForAnIdAsItStands(RecordingRest):
    """An id with a slash in it leads it to another address, where there is nothing."""

    breaks = "S11"

    def get(self, home_id: str, incident_id: str) -> SourceRecord:
        return super().get(home_id, incident_id.split("/", maxsplit=1)[0])


class SaysNothingOfAMove(RecordingRest):
    """A report that another home has now is gone, and that is all it says."""

    breaks = "S11"

    def get(self, home_id: str, incident_id: str) -> SourceRecord:
        return replace(super().get(home_id, incident_id), moved=False)


class IsContentWithThePagesItGot(RecordingRest):
    """Where a later page fails, it has read enough, it thinks."""

    breaks = "C6"

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        begun = False
        try:
            for page in super().pull(home_id, since):
                begun = True
                yield page
        except NotApplied as why:
            if not begun or "cursor" in why.message:
                raise


class TakesTroubleForGone(RecordingRest):
    """A report that it could not get is not there."""

    breaks = "C6"

    def get(self, home_id: str, incident_id: str) -> SourceRecord:
        try:
            return super().get(home_id, incident_id)
        except NotApplied as why:
            if why.retry_after is not None:
                raise
        return SourceRecord(SourceAnswer.GONE)


class CallsTheForbiddenGone(RecordingRest):
    """What it may not read is not there."""

    breaks = "S11"

    def get(self, home_id: str, incident_id: str) -> SourceRecord:
        record = super().get(home_id, incident_id)
        return SourceRecord(SourceAnswer.GONE) if record.answer is SourceAnswer.FORBIDDEN else record


ANIMALS = [
    LosesWhatFillsThePage, DropsTies, BeginsAfterTheMark, SeesEachReportOnce, StopsAtAnEmptyPage, KeepsItsOwnMark,
    BeginsWithTheNewest, ForgetsWhereToBegin, SkipsWhatItCannotRead, TakesWallTimeForUtc, GivesAShortIndex,
    CallsTheForbiddenGone, LeavesDraftsAlone, KeepsOnlyTheKeysOfTheDamaged, CountsOnlyTheSubmitted,
    ReadsOnePageOfTheIndex, TakesTroubleForGone,
]  # fmt: skip
READERS = [
    KeepsTheFirstChild, RoundsUpWhereItBegins, GoesByTheId, ClaimsMoreThanItReads, CountsNoDamagedReport,
    TakesAnIdForANumber, AsksForAnIdAsItStands, SaysNothingOfAMove, IsContentWithThePagesItGot,
]  # fmt: skip
"""These break nothing but reports and index: what all kinds share is left to those above."""
