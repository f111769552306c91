"""PayPal's stand-in keeps its orders over restarts and between processes."""

from pathlib import Path

import httpx2

from audits.person import Person
from tests.process.serving import CHEAP_ARGON2, serving


def test_orders_outlive_a_restart_and_are_the_same_in_all_processes(tmp_path: Path) -> None:
    settings = {**CHEAP_ARGON2, "TEST_MODE": "true"}
    with serving(tmp_path, **settings) as (url, _), httpx2.Client(base_url=url) as http:
        order_id = Person(http, "ana").start()["orderId"]
    file = tmp_path / "paypal-stand-in.json"
    with serving(tmp_path, **settings, WORKERS="2") as (url, _), httpx2.Client(base_url=url) as http:
        pages = [http.get("/paypal", headers={"connection": "close"}).text for _ in range(6)]
        file.write_text('{"orders": [', "utf-8")
        broken = http.get("/paypal")

    assert all(order_id in page for page in pages)
    assert (broken.status_code, "No orders yet" in broken.text) == (200, True)
    assert file.stat().st_mode & 0o077 == 0
