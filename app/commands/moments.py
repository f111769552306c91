"""Parses the times that commands take."""

import argparse
from datetime import UTC, datetime

from app.commands.durations import parse_duration
from services.common.clock import utc_now


def since(text: str) -> datetime:
    """Parses a duration before now, or a date or a time, in UTC unless it has an offset."""
    try:
        if (duration := parse_duration(text)) is not None:
            return utc_now() - duration
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("must be such as 2026-11-26, 2026-11-26T13:45, 90m, 24h or 7d") from None
