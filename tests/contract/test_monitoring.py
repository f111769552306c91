"""The alerts, the dashboard and docs/monitoring.md name the metrics that there are."""

import json
import re
from pathlib import Path

from app.metrics import Metrics
from app.operations import OPERATIONS
from models.engines.pool import Pool
from schema.root import schema

ROOT = Path(__file__).parents[2]
ALERTS = (ROOT / "deploy/prometheus/alerts.yaml").read_text("utf-8")
DASHBOARD = (ROOT / "deploy/grafana/dashboard.json").read_text("utf-8")
PAGE = (ROOT / "docs/monitoring.md").read_text("utf-8")
NAME = re.compile(r"\baccounts_[a-z_]+\b")
SAMPLED = {"waiting_mails", "open_payments", "overdue_deletions"}
SUFFIXES = re.compile(r"_(bucket|sum|count|created)$")


def _existing() -> set[str]:
    """The names of all metrics, as Prometheus has them."""
    monitor = Pool.monitor
    try:
        metrics = Metrics(())
    finally:
        Pool.monitor = monitor
    own = {
        f"{family.name}_total" if family.type == "counter" else family.name for family in metrics._registry.collect()
    }
    sampled = {f"accounts_{name}{suffix}" for name in SAMPLED for suffix in ("", "_oldest_seconds")}
    worker = {"accounts_worker_silent_seconds", "accounts_worker_turn_seconds"}
    webhooks = {"accounts_webhooks", "accounts_webhook_waiting_events"}
    return own | sampled | worker | webhooks | {"accounts_version_info"}


def test_the_page_explains_each_metric_and_no_other() -> None:
    assert set(NAME.findall(PAGE)) == _existing()


def test_alerts_and_dashboard_ask_for_metrics_and_operations_that_exist() -> None:
    expressions = [target["expr"] for panel in json.loads(DASHBOARD)["panels"] for target in panel["targets"]]
    asked = {SUFFIXES.sub("", name) for text in (ALERTS, *expressions) for name in NAME.findall(text)}
    operations = set("|".join(re.findall(r'operation=~?"([^"]+)"', " ".join([ALERTS, *expressions]))).split("|"))
    outcomes = set(re.findall(r'outcome!?="(\w+)"', ALERTS))

    assert asked - _existing() == set()
    assert operations <= OPERATIONS.keys()
    assert {name for name in outcomes if schema.get_type_by_name(name) is None} == set()


def test_the_page_says_what_to_do_about_each_alert() -> None:
    alerts = dict(re.findall(r"- alert: (\w+)\n.*?severity: (\w+)", ALERTS, re.DOTALL))
    paragraphs = dict(re.findall(r"^### (\w+)\n\nSeverity `(\w+)`\. ", PAGE, re.MULTILINE))

    assert alerts == paragraphs
    assert re.findall(r"runbook: docs/monitoring\.md#(\w+)", ALERTS) == [name.lower() for name in alerts]
