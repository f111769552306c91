"""The four steps from the first form to the first invoice."""

import enum


class OnboardingStep(enum.Enum):
    CREATE_ACCOUNT = "CREATE_ACCOUNT"
    CONFIRM_ACCOUNT = "CONFIRM_ACCOUNT"
    CONFIGURE_COMPANY = "CONFIGURE_COMPANY"
    SELECT_PAYMENT_METHOD = "SELECT_PAYMENT_METHOD"


# Whoever can sign in has an account and has confirmed it.
COMPLETED = (OnboardingStep.CREATE_ACCOUNT, OnboardingStep.CONFIRM_ACCOUNT)


def current_step(completed: tuple[OnboardingStep, ...]) -> OnboardingStep | None:
    """The first step that is open; None once all are done."""
    return next((step for step in OnboardingStep if step not in completed), None)
