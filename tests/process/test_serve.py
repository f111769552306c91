import signal
import time
from pathlib import Path

import httpx2

from tests.process.serving import serving


def test_serve_sets_up_and_answers_on_a_machine_where_nothing_was_set(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, process):
        response = httpx2.post(f"{url}/graphql", json={"query": "{ passwordPolicy { minimumLength } }"})

        assert response.json() == {"data": {"passwordPolicy": {"minimumLength": 8}}}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_there_is_no_websocket(tmp_path: Path) -> None:
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol": "graphql-transport-ws",
    }
    with serving(tmp_path) as (url, _):
        response = httpx2.get(f"{url}/graphql", params={"query": "{ __typename }"}, headers=upgrade)

    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}
    assert "upgrade" not in response.headers


def test_a_signal_that_comes_while_it_starts_ends_it(tmp_path: Path) -> None:
    for milliseconds in (0, 200, 400, 600):
        with serving(tmp_path) as (_, process):
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGTERM)

            assert process.wait(20) in {0, -signal.SIGTERM}
