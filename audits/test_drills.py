"""Each fault that no other audit causes is reported where docs/drills.md says."""

from pathlib import Path

import pytest

from audits.drills import FAULTS, drill, site

NAMES = (
    "the mail server refuses connections",
    "PayPal refuses connections",
    "one of two processes of serve is killed",
    "the schema is behind",
)

pytestmark = pytest.mark.usefixtures("no_authorities")


@pytest.fixture
def stores() -> str:
    return "postgresql"


async def test_every_tool_reports_the_fault_within_a_minute_and_the_service_heals(
    promtool: str, database_url: str, redis_server: str, tmp_path: Path
) -> None:
    del promtool  # which comes with Prometheus
    faults = [fault for fault in FAULTS if fault.name in NAMES]

    async with site(tmp_path, database_url, redis_server) as running:
        drills = [await drill(running, fault, seconds=60) for fault in faults]

    assert [each.fault.name for each in drills] == list(NAMES)
    assert {each.fault.name: sorted(each.unreported) for each in drills if each.unreported} == {}
