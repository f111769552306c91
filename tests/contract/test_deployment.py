"""The files that run the service elsewhere hold to the code: image, Compose, Caddy, systemd, Kubernetes."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.command_line import COMMANDS
from app.secret_files import secret_names
from app.setting_warnings import warnings
from app.settings import Settings, mistyped_settings, read_settings
from app.version import version

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
CADDYFILE = (DEPLOY / "Caddyfile").read_text("utf-8")
KUBERNETES = [
    document
    for file in sorted(DEPLOY.glob("kubernetes/*.yaml"))
    for document in yaml.safe_load_all(file.read_text("utf-8"))
]
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SECRETS = {
    "SECRET_KEY": "0123456789abcdef" * 4,
    "NAMING_KEY": "fedcba9876543210" * 4,
    "DATABASE_URL": "postgres://accounts:password@postgres/accounts",
    "SMTP_URL": "smtp+starttls://user:password@mail.example.mx:587",
    "POSTGRES_PASSWORD": "password",
}
LOCKS = {name: (ROOT / name).read_text("utf-8") for name in ("requirements.lock", "requirements-run.lock")}


def test_the_image_has_every_package_and_nothing_that_is_not_there() -> None:
    sources = [line.split()[1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)

    assert sorted(sources) == sorted(let_in)
    assert [name for name in sources if not (ROOT / name).exists()] == []
    assert [name for name in PROJECT["tool"]["importlinter"]["root_packages"] if name not in sources] == []


def test_the_lock_of_the_image_is_that_of_the_tests_without_what_only_development_needs() -> None:
    locked = {name: _packages(text) for name, text in LOCKS.items()}
    run = locked["requirements-run.lock"]

    assert {name: lines for name, lines in run.items() if locked["requirements.lock"].get(name) != lines} == {}
    named = {re.split(r"[>=<]", dependency)[0] for dependency in PROJECT["project"]["dependencies"]}
    assert named - run.keys() == set()
    assert run.keys() & {"pytest", "mypy", "ruff"} == set()


def test_every_command_is_one_of_ours() -> None:
    commands = dict(_commands())

    assert len(commands) >= 9
    assert {where: words for where, words in commands.items() if words[0] not in COMMANDS} == {}


@pytest.mark.parametrize("given", ["image and Compose", "image and Kubernetes", *(unit.name for unit in UNITS)])
def test_the_settings_start_the_service_in_production(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {name.removesuffix("_FILE"): value for name, value in _environment(given).items()}
    environment |= {name: SECRETS[name] for name in ("SECRET_KEY", "NAMING_KEY", "DATABASE_URL", "SMTP_URL")}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert {name for name in environment if name.lower() not in Settings.model_fields} == set()
    settings = read_settings()
    assert mistyped_settings() == []
    assert [warning for warning in warnings(settings) if "can pay" not in warning] == []
    assert settings.trusted_proxies == 1
    assert not settings.worker_in_serve


def test_commands_run_under_systemd_with_the_settings_of_the_units() -> None:
    words = shlex.split((DEPLOY / "systemd/run").read_text("utf-8").replace("$etc", "/etc/timbrado-accounts"))
    given = [word.removeprefix("--property=") for word in words if re.search(r"=(Environment|LoadCred)", word)]
    unit = _options(DEPLOY / "systemd/timbrado-accounts.service")
    options = [
        f"{name}={value}" for name in ("EnvironmentFile", "LoadCredential", "Environment") for value in unit[name]
    ]

    drop_in = _options(DEPLOY / "systemd/access-tokens.conf")
    options += [f"{name}={value}" for name in ("LoadCredential", "Environment") for value in drop_in[name]]
    assert sorted(given) == sorted(re.sub(r" PYTHON\w+=1", "", option) for option in options)


def test_the_keys_of_access_tokens_are_passed_on_as_the_setting_reads_them() -> None:
    drop_in = _options(DEPLOY / "systemd/access-tokens.conf")

    [loaded], [variable] = drop_in["LoadCredential"], drop_in["Environment"]
    credential, _, path = loaded.partition(":")
    assert variable == f"ACCESS_TOKEN_KEYS_FILE=%d/{credential}"
    assert path == f"/etc/timbrado-accounts/{credential}"
    assert "access_token_keys" in secret_names(Settings)


def test_every_port_is_that_of_the_image() -> None:
    image = _image_environment()
    [exposed] = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    [upstreams] = re.findall(r"reverse_proxy \{\$NODES:([^}]+)\}", CADDYFILE)
    nodes = [name for name, service in COMPOSE["services"].items() if _runs_serve(service)]
    ports = [port["containerPort"] for each in _containers() for port in each.get("ports", [])]

    assert exposed == image["PORT"]
    assert upstreams.split() == [f"{node}:{exposed}" for node in nodes]
    assert ports == [int(exposed)]


def test_the_folder_for_data_and_the_user_are_those_of_the_image() -> None:
    data_dir = _image_environment()["DATA_DIR"]
    [volume] = re.findall(r"^VOLUME (.+)$", DOCKERFILE, re.MULTILINE)
    [user] = re.findall(r"^USER (\d+):\1$", DOCKERFILE, re.MULTILINE)
    pods = list(_pods())

    assert volume == data_dir
    assert [{mount["mountPath"] for mount in each["volumeMounts"]} for each in _containers()] == [
        {data_dir, "/tmp"}  # noqa: S108, a mount of the container
    ] * len(pods)
    assert {pod["securityContext"]["runAsUser"] for pod in pods} == {int(user)}


def test_the_proxies_remove_a_strangers_trace() -> None:
    nginx = (ROOT / "docs/nginx.conf").read_text("utf-8")

    assert set(re.findall(r"^\s*header_up -(\w+)$", CADDYFILE, re.MULTILINE)) == {"Traceparent", "Tracestate"}
    assert set(re.findall(r'^\s*proxy_set_header (\w+) "";', nginx, re.MULTILINE)) >= {"traceparent", "tracestate"}


def test_prometheus_scrapes_what_compose_runs() -> None:
    configuration = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text("utf-8"))
    targets = {
        target
        for job in configuration["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }
    port = COMPOSE["x-service"]["environment"]["METRICS_PORT"]
    mounted = [
        volume.split(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]

    assert targets == {f"{name}:{port}" for name in ("node-1", "node-2", "worker")}
    assert [path for path in mounted if not (DEPLOY / path).exists()] == []


def test_kubernetes_runs_the_version_of_the_project() -> None:
    images = {container["image"] for container in _containers()}
    jobs = [each["metadata"]["name"] for each in KUBERNETES if each["kind"] == "Job"]

    assert images == {f"registry.example.mx/timbrado-accounts:{version()}"}
    assert jobs == [f"timbrado-accounts-migrate-{version()}"]


def test_the_client_has_the_version_of_the_project() -> None:
    folder = ROOT / "clients/typescript"
    package, lock = (json.loads((folder / name).read_bytes()) for name in ("package.json", "package-lock.json"))

    assert (package["version"], lock["version"], lock["packages"][""]["version"]) == (version(),) * 3


def test_everything_gets_the_time_to_stop_that_the_page_asks_for() -> None:
    compose = COMPOSE["x-service"]["stop_grace_period"]
    systemd = {unit.name: _options(unit).get("TimeoutStopSec", ["90"])[0] for unit in UNITS}
    jobs, pods = ({_grace_period(pod) for pod in _pods(kind)} for kind in ("Job", "Deployment"))
    [needed] = re.findall(r"Allow (\d+) seconds before SIGKILL", (ROOT / "docs/operations.md").read_text("utf-8"))

    assert int(compose.removesuffix("s")) >= int(needed)
    assert {name: seconds for name, seconds in systemd.items() if int(seconds) < int(needed)} == {}
    assert min(pods) >= int(needed)
    assert min(jobs) >= 30  # a migration that is interrupted begins again


def _packages(lock: str) -> dict[str, str]:
    """Each package's requirement with its hashes, by name."""
    blocks = re.findall(r"^([a-z][^ =]*)(==(?:.*\\\n)+.*)$", lock, re.MULTILINE)
    return dict(blocks)


def _commands() -> Iterator[tuple[str, list[str]]]:
    """The arguments of python -m app, with where they are."""
    [entrypoint] = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(entrypoint) == ["python", "-m", "app"]
    for name, line in re.findall(r"\b(CMD) (\[.+\])", DOCKERFILE):
        yield f"{name} {line}", _arguments(json.loads(line))
    for name, service in COMPOSE["services"].items():
        if "context" in service.get("build", {}) and "command" in service:
            yield name, service["command"]
        if "app" in (test := service.get("healthcheck", {}).get("test", [])):
            yield f"{name}, healthcheck", _arguments(test)
    for unit in UNITS:
        yield unit.name, _arguments(_options(unit)["ExecStart"][0].split())
    for container in _containers():
        yield f"container {container['name']}", container["args"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if "exec" in container.get(probe, {}):
                yield f"container {container['name']}, {probe}", _arguments(container[probe]["exec"]["command"])


def _arguments(command: list[str]) -> list[str]:
    return command[command.index("app") + 1 :] if "app" in command else command


def _runs_serve(service: dict[str, Any]) -> bool:
    return "build" in service and "command" not in service


def _environment(given: str) -> dict[str, str]:
    """The settings, and the names with _FILE of those in files."""
    if given == "image and Compose":
        return {**_image_environment(), **dict(_interpolated(COMPOSE["x-service"]["environment"]))}
    if given == "image and Kubernetes":
        [configuration] = [each["data"] for each in KUBERNETES if each["kind"] == "ConfigMap"]
        return {**_image_environment(), **configuration}
    options = _options(DEPLOY / "systemd" / given)
    own = _assignments(" ".join(options["Environment"]))
    file = (DEPLOY / "systemd/environment.example").read_text("utf-8")
    loaded = [f"%d/{credential.partition(':')[0]}" for credential in options["LoadCredential"]]
    assert sorted(loaded) == sorted(value for name, value in own.items() if name.endswith("_FILE"))
    return {**own, **dict(re.findall(r"^(\w+)=(.*)$", file, re.MULTILINE))}


def _image_environment() -> dict[str, str]:
    return _assignments(" ".join(re.findall(r"^ENV (.+)$", DOCKERFILE, re.MULTILINE)))


def _assignments(text: str) -> dict[str, str]:
    """Those that are not for Python or the shell."""
    words = dict(word.split("=", 1) for word in shlex.split(text))
    return {name: value for name, value in words.items() if not re.match(r"PATH$|PYTHON", name)}


def _interpolated(environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        yield name, re.sub(r"\$\{(\w+)(?::-(.*?)|:\?.*?)\}", lambda match: match[2] or SECRETS.get(match[1], ""), value)


def _options(unit: Path) -> dict[str, list[str]]:
    """The values of each option, of which some are repeated."""
    options: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE):
        options.setdefault(name, []).append(value)
    return options


def _grace_period(pod: dict[str, Any]) -> int:
    return int(pod.get("terminationGracePeriodSeconds", 30))


def _pods(*kinds: str) -> Iterator[dict[str, Any]]:
    for each in KUBERNETES:
        if each["kind"] in (kinds or ("Deployment", "Job")):
            yield each["spec"]["template"]["spec"]


def _containers() -> Iterator[dict[str, Any]]:
    for pod in _pods():
        yield from pod["containers"]
