"""Signing in: on a thread of its own, as it takes as long as the user does, while all else goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator

from hotpatch_gui.azure.credentials import Account
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import catalogue, connections
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.database import transaction

from .context import Context

log = logging.getLogger(__name__)
LOOK_EVERY_S = 0.25
SIGNED_OUT = Problem(
    ProblemKind.NOT_SIGNED_IN, "You signed out.", "What is shown is what was known last."
)


class _Asking(threading.Thread):
    """Asks the user once. A daemon: a program that ends does not wait for a browser."""

    def __init__(self, context: Context) -> None:
        super().__init__(name="sign-in", daemon=True)
        self._gateway = context.gateway
        self.account: Account | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.account = self._gateway.sign_in()
        except Exception as error:  # noqa: BLE001 - raised again where the job looks
            self.error = error


def sign_in(context: Context) -> Generator[float, None, bool]:
    """Ask the user to sign in and keep who it is; whether that went well. A failure is said where the sync's
    problems are."""
    asking = _Asking(context)
    asking.start()
    while asking.is_alive():
        yield LOOK_EVERY_S
    own, problem = context.connection_id, None
    if isinstance(asking.error, ProblemError):
        problem = asking.error.problem
    elif asking.error is not None:
        raise asking.error
    with transaction(context.db):
        if problem is not None:
            catalogue.sync_ended(context.db, own, context.clock(), problem)
        elif asking.account is not None:
            connections.signed_in(context.db, own, asking.account.name, asking.account.record)
    context.changed(Changes.to("connections", "sync_state"))
    return problem is None


def sign_out(context: Context) -> None:
    """Forget the tokens and who it was; what was read stays."""
    context.gateway.sign_out()
    own = context.connection_id
    with transaction(context.db):
        connections.signed_in(context.db, own, None, None)
        catalogue.sync_ended(context.db, own, context.clock(), SIGNED_OUT)
