"""Finds what is wrong with a deployment."""

import argparse
import asyncio
import logging
from urllib.parse import urlsplit

import orjson

from app.doctor.examination import Report, examine
from app.doctor.finding import Deployment, Finding, State, problem, skipped
from app.settings import InvalidSettingsError, Settings
from app.version import version
from services.accounts.email import parse_email


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a line for each finding")
    to = "whom to ask the mail server about (MAIL_FROM); it sends no mail"
    parser.add_argument("--to", type=_email, metavar="EMAIL", help=to)
    url = "where clients reach the service, such as https://api.example.mx, to compare its proxies with TRUSTED_PROXIES"
    parser.add_argument("--url", type=_url, metavar="URL", help=url)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if there is a problem; warnings are none."""
    logging.disable(logging.CRITICAL)  # what the parts would log is reported
    try:
        deployment = Deployment(settings, arguments.to, arguments.url)
        return asyncio.run(_examine(deployment, as_json=arguments.json))
    finally:
        logging.disable(logging.NOTSET)


def refused(error: InvalidSettingsError, arguments: argparse.Namespace) -> int:
    """Reports settings that cannot be read, without which nothing else can be checked."""
    report: Report = [("settings", problem(sentence, "See docs/settings.md.")) for sentence in error.sentences]
    return _print([*report, ("all others", skipped("not without valid settings"))], as_json=arguments.json)


async def _examine(deployment: Deployment, *, as_json: bool) -> int:
    """Prints before the event loop ends, which may wait for a name to be resolved that nobody needs any more."""
    return _print(await examine(deployment), as_json=as_json)


def _print(report: Report, *, as_json: bool) -> int:
    has_problem = any(finding.state is State.PROBLEM for _, finding in report)
    if as_json:
        findings = [
            {"check": name, "state": finding.state.value, "text": finding.text, "advice": finding.advice or None}
            for name, finding in report
        ]
        body = {"version": version(), "ok": not has_problem, "findings": findings}
        print(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode(), flush=True)
    else:
        print(*(_line(name, finding) for name, finding in report), sep="\n", flush=True)
    return 1 if has_problem else 0


def _line(name: str, finding: Finding) -> str:
    text = finding.text.rstrip(".")
    return f"{finding.state.value:<8} {name:<11} {text}" + (f". {finding.advice}" if finding.advice else "")


def _email(text: str) -> str:
    email = parse_email(text)
    if email is None:
        raise argparse.ArgumentTypeError("must be an e-mail")
    return email.address


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not text.isprintable() or "@" in text:
        raise argparse.ArgumentTypeError("must be a URL such as https://api.example.mx")
    return text
