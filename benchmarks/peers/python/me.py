"""fastapi-users' /users/me with access tokens in the empty database DATABASE_URL, at PORT; it stores TOKEN there."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import uvicorn
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, BearerTransport
from fastapi_users.authentication.strategy.db import DatabaseStrategy
from fastapi_users.schemas import BaseUser, BaseUserUpdate
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users_db_sqlalchemy.access_token import SQLAlchemyAccessTokenDatabase, SQLAlchemyBaseAccessTokenTableUUID
from sqlalchemy import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    rfc: Mapped[str]
    confirmed_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    pass


class UserRead(BaseUser[UUID]):
    rfc: str
    confirmed_at: datetime


class UserManager(UUIDIDMixin, BaseUserManager[User, UUID]):
    pass


engine = create_async_engine(os.environ["DATABASE_URL"].replace("postgres://", "postgresql+asyncpg://"), pool_size=10)
open_session = async_sessionmaker(engine, expire_on_commit=False)


async def connect() -> AsyncIterator[AsyncSession]:
    async with open_session() as session:
        yield session


def manage(session: AsyncSession = Depends(connect)) -> UserManager:
    return UserManager(SQLAlchemyUserDatabase(session, User))


def find_tokens(session: AsyncSession = Depends(connect)) -> DatabaseStrategy[User, UUID, AccessToken]:
    return DatabaseStrategy(SQLAlchemyAccessTokenDatabase(session, AccessToken), lifetime_seconds=86400)


@asynccontextmanager
async def store(_: FastAPI) -> AsyncIterator[None]:
    person = {"email": "ana@example.com", "hashed_password": "", "is_verified": True, "rfc": "EKU9003173C9"}
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with open_session.begin() as session:
        session.add(user := User(id=uuid4(), confirmed_at=datetime.now(UTC), **person))
        await session.flush()
        session.add(AccessToken(token=os.environ["TOKEN"], user_id=user.id))
    yield


users = FastAPIUsers(manage, [AuthenticationBackend("tokens", BearerTransport("login"), find_tokens)])
app = FastAPI(lifespan=store)
app.include_router(users.get_users_router(UserRead, BaseUserUpdate), prefix="/users")
if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning", access_log=False)
