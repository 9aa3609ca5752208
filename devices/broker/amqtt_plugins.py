"""Gives amqtt our accounts: who may connect, and what each may subscribe to, send and receive."""

from __future__ import annotations

import functools
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from devices.broker.accounts import Account, check_password, topic_matches

log = logging.getLogger(__name__)


class AccountBook:
    """The accounts file, read again whenever it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._accounts: dict[str, Account] = {}

    def get(self, username: str | None) -> Account | None:
        found = self._path.stat()
        seen = (found.st_ino, found.st_mtime_ns)
        if seen != self._seen:
            rows = json.loads(self._path.read_bytes())
            self._accounts = {row["username"]: _account(row) for row in rows}
            self._seen = seen
        return self._accounts.get(username or "")


def _account(row: dict[str, Any]) -> Account:
    return Account(row["username"], row["password_hash"], tuple(row["reads"]), tuple(row["writes"]))


_still_counts = functools.lru_cache(4096)(check_password)


@dataclass
class AccountsConfig:
    """The plugins' configuration as amqtt wants it."""

    path: str


class AccountsAuth(BaseAuthPlugin):  # type: ignore[misc]
    """Refuses anonymous clients, wrong passwords and client ids of others."""

    Config = AccountsConfig

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._book = AccountBook(Path(self.config.path))

    async def authenticate(self, *, session: Session) -> bool:
        account = self._book.get(session.username)
        if account is None or session.password is None:
            return False
        # amqtt hands a stored session to whoever names its client id.
        own = session.client_id == account.username or session.client_id.startswith(f"{account.username}.")
        return own and check_password(session.password, account.password_hash)


class AccountsAccess(BaseTopicPlugin):  # type: ignore[misc]
    """Checks every subscription, every message sent and every message delivered."""

    Config = AccountsConfig

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._book = AccountBook(Path(self.config.path))

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        account = self._book.get(session.username) if session is not None else None
        if session is None or account is None or topic is None:
            return False
        # amqtt goes on with whoever is connected: a box that was replaced has a password, of yesterday.
        if not _still_counts(session.password or "", account.password_hash):
            return False
        allowed = account.writes if action == Action.PUBLISH else account.reads
        return any(topic_matches(topic, topic_filter) for topic_filter in allowed)


class PrivateBroker(Broker):  # type: ignore[misc]
    """amqtt without its leak: a session that returns is given whatever is retained for anybody."""

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        topic_filter, _ = subscription
        subscribers = self._subscriptions.get(topic_filter, [])
        if any(subscriber.client_id == session.client_id for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)
