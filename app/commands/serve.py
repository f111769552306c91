"""Serves the API."""

import argparse
import asyncio
import sys
from functools import partial

from app.asgi import create_app, load_trusted_documents
from app.commands.migrate import is_up_to_date, prepare_data_dir, wait_for_database
from app.development.app_links import has_built_app, lead_to_built_app
from app.metrics_port import metrics_port
from app.operations import OPERATIONS
from app.server import cannot_listen, listen, url_of
from app.server import run as run_server
from app.setting_checks import missing_for_production
from app.setting_warnings import print_warnings
from app.settings import Settings
from app.systemd import Notifier, PassedSocketError, passed_socket
from app.traces.extra import open_traces
from models.migrator import upgrade


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address or name to listen on; replaces the setting HOST")
    parser.add_argument("--port", help="port to listen on, 0 for any free one; replaces the setting PORT")


def run(settings: Settings, _: argparse.Namespace) -> int:
    trusted = load_trusted_documents(settings)
    wait_for_database(settings)
    if settings.development:
        prepare_data_dir(settings)
        asyncio.run(upgrade(settings.database))
    elif not is_up_to_date(settings):
        return 1
    print_warnings(settings)
    notifier = Notifier()
    try:
        bound = passed_socket() or listen(settings.host, settings.port)
    except PassedSocketError as error:
        print(f"Cannot listen: {error}.", file=sys.stderr)
        return 1
    except OSError as error:
        print(cannot_listen(settings.host, settings.port, error), file=sys.stderr)
        return 1
    settings = settings.model_copy(update={"port": bound.getsockname()[1]})
    # From here on, connections queue in the socket, so a client may connect as soon as it reads this line.
    print(f"Serving     {url_of(bound)}/graphql", flush=True)
    notifier.ready()
    if settings.development:
        introduce(settings, url_of(bound))
    linked = lead_to_built_app(settings)
    operations = OPERATIONS.keys() | trusted.operation_names
    with metrics_port(settings, operations) as metrics:
        make_app = partial(create_app, linked, trusted, metrics, open_traces(settings, operations))
        return run_server(
            make_app,
            bound,
            settings.workers,
            settings.keep_alive_seconds,
            settings.drains_for,
            settings.event_loop,
            notifier,
        )


def introduce(settings: Settings, url: str) -> None:
    """Prints what a developer needs to know on a first start. The `settings` are those that were given."""
    database = "set by DATABASE_URL" if settings.database_url else settings.data_dir / "accounts.sqlite3"
    mails = "sent by SMTP_URL" if settings.smtp_url else settings.data_dir / "mail" / "*.eml"
    if has_built_app(settings):
        print(f"App         {url}/")
    print(f"Start at    {url}/development in a browser: GraphiQL, mails, and stand-ins for PayPal and the bank")
    print(f"Database    {database}")
    print(f"Mails       {mails}")
    print(f"Production  needs {', '.join(['ENVIRONMENT=production', *missing_for_production(settings)])}", flush=True)
