"""Keeps what Tortoise derives from the models, instead of deriving it for each connection: 6 ms in each test."""

from tortoise.apps import Apps
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.models import MetaInfo

_build = Apps._build_initial_querysets
_executors: dict[MetaInfo, type] = {}


def keep_prepared_models() -> None:
    """Makes Tortoise prepare the models again only for another kind of database, whose statements differ."""
    Apps._build_initial_querysets = _build_once  # type: ignore[assignment]  # a method, not bound


def _build_once(apps: Apps) -> None:
    models = [model._meta for app in apps.apps.values() for model in app.values()]
    prepared = {model: model.db.executor_class for model in models}
    if not prepared.items() <= _executors.items():
        EXECUTOR_CACHE.clear()  # Tortoise keeps statements by the connection's name, in the dialect of the last one
        _build(apps)
        _executors.update(prepared)
