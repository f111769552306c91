import signal
from pathlib import Path

import httpx2

from tests.process.serving import serving


def test_serve_sets_up_and_answers_on_a_machine_where_nothing_was_set(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, process):
        response = httpx2.post(f"{url}/graphql", json={"query": "{ passwordPolicy { minimumLength } }"})

        assert response.json() == {"data": {"passwordPolicy": {"minimumLength": 8}}}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
