"""How long a mail waits for its next attempt."""

from datetime import timedelta

from services.mail.outbox import backoff


def test_the_wait_between_attempts_doubles_up_to_an_hour_with_jitter() -> None:
    seconds = {1: 15, 2: 30, 3: 60, 8: 1920, 9: 3600, 10_000: 3600}

    shortest = {attempts: backoff(attempts, 0.0) for attempts in seconds}
    longest = {attempts: backoff(attempts, 1.0) for attempts in seconds}

    assert shortest == {attempts: timedelta(seconds=wait * 0.5) for attempts, wait in seconds.items()}
    assert longest == {attempts: timedelta(seconds=wait * 1.5) for attempts, wait in seconds.items()}
