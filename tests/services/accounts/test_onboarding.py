"""The state machine of onboarding: its table, and what a client sees of each stage."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.accounts.onboarding import (
    TRANSITIONS,
    Activation,
    Event,
    OnboardingStep,
    PaymentMethod,
    Progress,
    Stage,
    progress,
    transition,
)

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
_PAGE = (Path(__file__).parents[3] / "docs/onboarding.md").read_text("utf-8").partition("\n## Payments\n")[0]


def test_the_page_shows_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \| `(\w+)` \|$", _PAGE, re.MULTILINE)

    assert rows == [(stage.value, event.value, to.value) for (stage, event), to in TRANSITIONS.items()]


def test_the_page_shows_the_steps_of_every_stage() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d, ]+) \| [^|]+ \|$", _PAGE, re.MULTILINE)

    steps = list(OnboardingStep)
    shown = {stage.value: [steps.index(step) + 1 for step in Progress(stage).completed_steps] for stage in Stage}
    assert {stage: [int(number) for number in numbers.split(", ")] for stage, numbers in rows} == shown


def test_an_event_that_cannot_come_raises() -> None:
    impossible = [(stage, event) for stage in Stage for event in Event if (stage, event) not in TRANSITIONS]

    assert {(stage, event): transition(stage, event) for stage, event in TRANSITIONS} == TRANSITIONS
    assert len(impossible) == len(Stage) * len(Event) - len(TRANSITIONS)
    for stage, event in impossible:
        with pytest.raises(KeyError):
            transition(stage, event)


def test_every_stage_can_be_reached_and_every_payment_leads_to_active() -> None:
    reached = {Stage.REGISTERED, *TRANSITIONS.values()}
    paying = {stage for stage, event in TRANSITIONS if event is Event.PAID}

    assert reached == set(Stage)
    assert paying == set(Stage) - {Stage.REGISTERED, Stage.CONFIRMED}
    assert {TRANSITIONS[stage, Event.PAID] for stage in paying} == {Stage.ACTIVE}


def test_the_current_step_is_the_first_that_is_open() -> None:
    for at in map(Progress, Stage):
        done = len(at.completed_steps)

        assert (at.current_step is None) == (at.stage is Stage.ACTIVE)
        assert tuple(OnboardingStep)[:done] == tuple(at.completed_steps)
        assert at.current_step not in at.completed_steps


def _progress(
    stage: str,
    since: datetime | None,
    until: datetime | None,
    method: str | None,
    plan_id: str | None,
    now: datetime,
) -> Progress:
    paid = {"active_since": since, "active_until": until, "activated_by": method, "active_plan": plan_id}
    return progress({"stage": stage, "company_outdated": False, "stamps_notice": None, **paid}, now)


def test_an_account_is_active_until_its_end_and_no_longer() -> None:
    since, method = _NOW - _DAY, PaymentMethod.PAYPAL

    before = _progress("active", since, _NOW + timedelta(microseconds=1), method.value, "negocio", _NOW)
    at_the_end = _progress("active", since, _NOW, method.value, "negocio", _NOW)

    assert before.activation == Activation(True, since, _NOW + timedelta(microseconds=1), method, "negocio")
    assert before.stage is Stage.ACTIVE
    assert at_the_end.activation == Activation(False, since, _NOW, method, "negocio")
    assert at_the_end.stage is Stage.LAPSED


def test_an_account_that_never_paid_has_no_activation() -> None:
    assert _progress("configured", None, None, None, None, _NOW) == Progress(Stage.CONFIGURED)


def test_a_deactivated_account_is_not_active_whatever_its_end_says() -> None:
    at = _progress("deactivated", _NOW - _DAY, _NOW + _DAY, "bank_deposit", "negocio", _NOW)

    assert at.stage is Stage.DEACTIVATED
    assert at.activation
    assert not at.activation.active
