"""A client of the real server, and an operator beside it."""

import re
from pathlib import Path
from typing import Any

import httpx2

from app.operations import OPERATIONS
from tests.process.in_process import run_here


class Client:
    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def run(self, operation: str, token: str | None = None, **input: Any) -> Any:
        query = OPERATIONS[operation]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        response = self._http.post("/graphql", json={"query": query, "variables": {"input": input}}, headers=headers)
        (value,) = response.json()["data"].values()
        return value

    def solved(self, data_dir: Path) -> list[dict[str, str]]:
        """The answers to two captchas as support would find them: one by its words, one by its digits."""
        ids = [self.run("CreateCaptcha")["captcha"]["id"] for _ in range(2)]
        printed = run_here(data_dir, "captcha-answer", *ids, DATA_DIR=str(data_dir))
        assert printed.returncode == 0, printed.stderr
        by_words, by_digits = (line.split("\t") for line in printed.stdout.splitlines())
        return [
            {"id": by_words[0], "answer": f"{by_words[1].upper()}  {by_words[2]}"},
            {"id": by_digits[0], "answer": by_digits[3]},
        ]


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match.group()
