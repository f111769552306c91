"""Prints the answers to captchas."""

import argparse
import sys

from app.composition import compose
from app.setting_checks import KEYS
from app.settings import Settings

NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="from createCaptcha")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    captchas = compose(settings).services.captchas
    status = 0
    for captcha_id in arguments.ids:
        if solution := captchas.solution(captcha_id):
            print(captcha_id, *solution.words, solution.digits, sep="\t")
        else:
            print(f"{captcha_id}: not a captcha of this SECRET_KEY.", file=sys.stderr)
            status = 1
    return status
