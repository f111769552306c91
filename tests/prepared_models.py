"""Keeps what Tortoise derives from the models, instead of deriving it for each connection: 4 ms in each test."""

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.models import MetaInfo

_finalise = MetaInfo.finalise_model
_executors: dict[MetaInfo, type] = {}


def keep_prepared_models() -> None:
    """Makes Tortoise prepare a model again only for another kind of database, whose statements differ."""
    MetaInfo.finalise_model = _finalise_once  # type: ignore[assignment]  # a method, not bound


def _finalise_once(model: MetaInfo) -> None:
    executor = model.db.executor_class
    if _executors.get(model) is not executor:
        EXECUTOR_CACHE.clear()  # Tortoise keeps statements by the connection's name, in the dialect of the last one
        _finalise(model)
        _executors[model] = executor
