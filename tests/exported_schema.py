"""graphql/schema.graphql as the clients' tools read it."""

from pathlib import Path

from graphql import build_schema

SCHEMA = build_schema((Path(__file__).parents[1] / "graphql/schema.graphql").read_text("utf-8"))
