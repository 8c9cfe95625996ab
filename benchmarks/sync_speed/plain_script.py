"""What most people would write instead: one session, one thread, a loop. It keeps nothing.

    python -m benchmarks.sync_speed.plain_script BODIES

It pulls the same pages and posts the same two bodies an incident, which it is given ready made, one line an incident:
so what it is spared is the whole of reading, planning and writing them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import requests


def main() -> None:
    """Print how many seconds it took, and how many incidents it moved."""
    bodies: dict[str, Any] = {}
    for line in Path(sys.argv[1]).read_text("utf-8").splitlines():
        one = json.loads(line)
        bodies[one["incident"]] = one
    started, used = time.perf_counter(), time.process_time()
    moved = _script(bodies)
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - used, "incidents": moved}
    print(json.dumps(took))


def _script(bodies: dict[str, Any]) -> int:
    settings = {name.removeprefix("BRIDGE_"): value for name, value in os.environ.items() if name.startswith("BRIDGE_")}
    source, log, mosaic = (settings[f"{name}__BASE_URL"] for name in ("RECORDING", "DAILY_LOG", "MOSAIC"))
    session = requests.Session()
    client = {"client_id": settings["MOSAIC__CLIENT_ID"], "client_secret": settings["MOSAIC__CLIENT_SECRET"]}
    answer = session.post(f"{mosaic}/oauth/token", data={"grant_type": "client_credentials", **client}, timeout=30)
    answer.raise_for_status()
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    query = {"modifiedSince": f"{settings['RECORDING__START_DATE']}T00:00:00Z", "limit": "100"}
    moved, cursor = 0, ""
    while True:
        asked = {**query, "cursor": cursor} if cursor else query
        key = {"X-Api-Key": settings["RECORDING__API_KEY"]}
        page = session.get(f"{source}/incidents", params=asked, headers=key, timeout=30)
        page.raise_for_status()
        for item in page.json()["items"]:
            body = bodies[item["incidentId"]]
            url = f"{mosaic}/persons/{body['person']}/case-notes"
            session.post(url, json=body["note"], headers=bearer, timeout=30).raise_for_status()
            key = {"X-Api-Key": settings["DAILY_LOG__API_KEY"]}
            session.post(f"{log}/daily-log", json=body["entry"], headers=key, timeout=30).raise_for_status()
            moved += 1
        cursor = page.json()["nextCursor"]
        if cursor is None:
            return moved


if __name__ == "__main__":
    main()
