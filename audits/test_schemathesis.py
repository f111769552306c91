"""Documents and inputs that schemathesis generates from the schema cause no server error."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from schema.root import schema
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving

EXAMPLES = 25  # of each field


def test_no_generated_request_causes_a_server_error(tmp_path: Path) -> None:
    with serving(tmp_path, **WITHOUT_LIMITS, **CHEAP_ARGON2) as (url, _):
        run = subprocess.run(
            [
                *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
                *("run", f"{url}/graphql", "--phases", "fuzzing", "--max-examples", str(EXAMPLES)),
                *("--checks", "not_a_server_error", "--seed", "1", "--no-color"),
                *("--header", f"Origin: {url}"),  # so that a login by cookie is not an error
            ],
            cwd=tmp_path,  # schemathesis writes files there
            capture_output=True,
            text=True,
        )

    log = (tmp_path / "serve.log").read_text("utf-8")
    answered = Counter(re.findall(r"outcomes=\{'(\w+)':", log))
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Traceback" not in log
    assert set(answered) == _root_fields()
    assert answered.total() > 500


def _root_fields() -> set[str]:
    roots = (schema._schema.query_type, schema._schema.mutation_type)
    return {field for root in roots if root for field in root.fields}
