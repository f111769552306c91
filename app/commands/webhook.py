"""Manages the endpoints to which events are delivered."""

import argparse
import asyncio
import sys
from uuid import UUID

from app.commands.moments import since
from app.commands.output import print_fields, print_json, printable, refuse
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.events.facts import EventType
from services.webhooks.endpoints import EndpointNotFound, EndpointView, WebhookEndpoints, WithSecret, url_problem
from services.webhooks.sender import Answer

NEEDS = KEYS
_TEXTS = {
    "test": "send a test event now, and say what came of it",
    "pause": "stop delivering; events wait",
    "resume": "deliver what waits, at once",
    "rotate": "make another secret; for 24 hours, deliveries are signed with both",
    "replay": "deliver events again, with the same ids",
    "remove": "delete an endpoint",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "add an endpoint for the events from now on, and print its secret, which is shown only once"
    add = actions.add_parser("add", help=text, description=text)
    add.add_argument("url", metavar="URL", help="where to POST the events; https in production")
    add.add_argument("--types", type=_types, metavar="TYPES", help="such as account.updated,account.deleted (all)")
    listed = actions.add_parser("list", help="list the endpoints, and how far they are behind")
    for action in (add, listed):
        action.add_argument("--json", action="store_true", help="print JSON")
    for name, text in _TEXTS.items():
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("id", metavar="ID", type=UUID, help="the endpoint's id, as in `webhook list`")
        action.add_argument("--json", action="store_true", help="print JSON")
        if name == "replay":
            when = "such as 2026-11-26, 2026-11-26T13:45, 90m or 7d"
            action.add_argument("--since", required=True, type=since, metavar="WHEN", help=when)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing was found or a test failed, and 2 for a wrong URL."""
    if arguments.action == "add" and (problem := url_problem(arguments.url, https_only=not settings.development)):
        print(f"The URL {problem}.", file=sys.stderr)
        return 2
    return asyncio.run(_run(settings, arguments))


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    async with composed(settings) as composition:
        done = await _act(composition.webhooks, arguments)
    match done:
        case EndpointNotFound():
            return refuse(f"{arguments.id}: no such endpoint", json=arguments.json)
        case Answer():
            (print_json if arguments.json else print_fields)({"delivered": done.delivered, "result": done.reason})
            return 0 if done.delivered else 1
        case WithSecret():
            return _show_secret(done, arguments)
        case EndpointView():
            (print_json if arguments.json else print_fields)(done)
            return 0
    if arguments.json:
        print_json(done)
    for view in () if arguments.json else done:
        print(*_columns(view), sep="\t")
    return 0 if done else 1


async def _act(
    webhooks: WebhookEndpoints, arguments: argparse.Namespace
) -> EndpointNotFound | Answer | WithSecret | EndpointView | list[EndpointView]:
    actor = current_operator()
    match arguments.action:
        case "add":
            return await webhooks.add(actor, arguments.url, arguments.types)
        case "list":
            return await webhooks.list()
        case "test":
            return await webhooks.test(arguments.id)
        case "pause":
            return await webhooks.pause(actor, arguments.id)
        case "resume":
            return await webhooks.resume(actor, arguments.id)
        case "rotate":
            return await webhooks.rotate(actor, arguments.id)
        case "replay":
            return await webhooks.replay(actor, arguments.id, arguments.since)
    return await webhooks.remove(actor, arguments.id)


def _show_secret(done: WithSecret, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print_json(done)
        return 0
    until = f" The one before signs as well until {done.also_until.isoformat()}." if done.also_until else ""
    print(f"{done.id}: {printable(done.url)}. This secret is not shown again.{until}", file=sys.stderr)
    print(done.secret)
    return 0


def _columns(view: EndpointView) -> tuple[str, ...]:
    last = view.delivered_at.isoformat(timespec="seconds") if view.delivered_at else "-"
    types = ",".join(view.types) if view.types is not None else "all"
    result = printable(view.last_result or "-")
    return (str(view.id), view.state, f"{view.waiting} waiting", last, result, types, printable(view.url))


def _types(text: str) -> list[EventType]:
    known = {each.value: each for each in EventType}
    try:
        return [known[name.strip()] for name in text.split(",")]
    except KeyError:
        raise argparse.ArgumentTypeError(f"must be some of {', '.join(known)}, separated by commas") from None
