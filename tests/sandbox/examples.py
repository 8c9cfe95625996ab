"""A note, an entry, and a token: what the tests of the stand-ins send."""

from __future__ import annotations

import requests

from sandbox.mosaic import Mosaic

NOTE = {
    "note_type": "SAFEINT",
    "title": "Safety intervention EXH-2026-0001",
    "note": "<p>Words of a note.</p><p>Reference: EXH-1</p>",
    "effective_date": "2026-06-03T14:05:00+01:00",
    "reference": "EXH-1",
}
ENTRY = {
    "homeId": "EXH",
    "entryTime": "2026-06-03T14:05:00",
    "category": "Safety intervention",
    "text": "A safety intervention. Reference: EXH-1",
    "reference": "EXH-1",
}


def token(mosaic: Mosaic) -> str:
    """A fresh bearer token."""
    answer = requests.post(
        f"{mosaic.base_url}/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_id": mosaic.client_id,
            "client_secret": mosaic.client_secret,
        },
        timeout=5,
    )
    return str(answer.json()["access_token"])
