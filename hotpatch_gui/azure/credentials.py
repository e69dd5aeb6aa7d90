"""Sign-in through azure-identity with the connection's method. Nothing prompts before it is requested."""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.policies import SansIOHTTPPolicy

from hotpatch_gui.domain.clouds import CUSTOM
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.translation import translator

from .sign_in_errors import claims_of

tr = translator("Credentials")

log = logging.getLogger(__name__)
CACHE_NAME = "hotpatch-dashboard-{id}"
CLI_TIMEOUT_S = 60
"""The Azure CLI takes seconds to start, and longer on a busy computer; the SDK's own limit is 10."""
RENEWED_BEFORE_S = 300
"""How long before its expiry a token is renewed, as in azure-core."""
CERTIFICATE_PASSWORD = "HOTPATCH_CERTIFICATE_PASSWORD"  # noqa: S105 - the name of a variable
_WHO = ("upn", "preferred_username", "unique_name", "app_displayname", "appid", "oid")
ShowCode = Callable[[str, str, datetime], None]


class NoCredential:
    """Used where a simulated Azure needs no sign-in; requesting a token is a bug."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Fail, because there is no sign-in.

        Raises:
            ProblemError: always.
        """
        raise ProblemError(
            Problem(
                ProblemKind.NOT_SIGNED_IN,
                tr("No sign-in is set up."),
                tr("Choose a sign-in method."),
            )
        )


class _CachingCredential:
    """A credential for one thread at a time that caches its token, because the Azure CLI takes seconds for each.

    It reports rejections, because the next sign-in must include their claims.
    """

    def __init__(
        self, own: TokenCredential, heard: Callable[[str], None], got: Callable[[], None]
    ) -> None:
        self._own, self._heard, self._got = own, heard, got
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, ...], AccessToken] = {}

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """The cached token, or a new one."""
        with self._lock:
            held = self._tokens.get(scopes)
            is_plain = not kwargs.get("claims")
            if is_plain and held is not None and held.expires_on > time.time() + RENEWED_BEFORE_S:
                return held
            try:
                self._tokens[scopes] = self._own.get_token(*scopes, **kwargs)
                self._got()
            except ClientAuthenticationError as error:
                claims = claims_of(error)
                if claims:
                    self._heard(claims)
                raise
            return self._tokens[scopes]

    def forget(self) -> None:
        """Drop the cached token."""
        with self._lock:
            self._tokens.clear()


class NoAuthentication(SansIOHTTPPolicy[Any, Any]):
    """An authentication policy that adds nothing, because azure-core rejects bearers over plain http."""


class Account(NamedTuple):
    """The signed-in account. ``record`` is azure-identity's AuthenticationRecord, if there is one."""

    name: str
    record: str | None = None


class SignInSession:
    """A connection's credential, and the sign-in of methods that need a person.

    Only ``now`` prompts. Anything else that needs a token without a sign-in receives an error.
    """

    def __init__(self, connection: Connection, prompt: Callable[[str], None]) -> None:
        self._connection, self._prompt = connection, prompt
        self._claims = ""
        self._is_forgotten = False
        self._own = credential_of(connection, self._show_code)
        self._watched = _CachingCredential(self._own, self._on_claims, self._on_token)
        self.credential: TokenCredential = self._watched

    def renew(self) -> None:
        """Drop the cached token, which Azure rejected, so that the next request gets a new one."""
        self._watched.forget()

    def _on_token(self) -> None:
        """A new token was issued, and MSAL stored it."""
        if self._is_forgotten:
            self.forget()

    def _on_claims(self, claims: str) -> None:
        """Azure requires more proof; the next sign-in requests it."""
        self._claims = claims

    def account(self) -> Account | None:
        """The signed-in account, without prompting; None if the cloud needs no sign-in.

        Raises:
            azure.core.exceptions.ClientAuthenticationError: nobody is signed in.
            ClientAuthenticationError: the token was rejected, or the user has to sign in.
        """
        if not self._connection.cloud.needs_sign_in:
            return None
        token = self.credential.get_token(self._connection.cloud.scope)
        return Account(account_name(token.token) or self._connection.method.label)

    def now(self) -> Account | None:
        """Sign in, with a prompt if the method needs one. Takes as long as the user does.

        Raises:
            ClientAuthenticationError: the sign-in failed or was canceled.
        """
        authenticate = getattr(self._own, "authenticate", None)
        if authenticate is None or not self._connection.method.asks_user:
            return self.account()
        if self._connection.method is not SignInMethod.DEVICE_CODE:
            self._prompt(
                tr("Sign in to {name} in the window that opens.", name=self._connection.name)
            )
        try:
            record = authenticate(
                scopes=[self._connection.cloud.scope], claims=self._claims or None
            )
            self._claims = ""
        finally:
            self._prompt("")
        self._on_token()  # signed out while the browser was open
        return Account(record.username, record.serialize())

    def close(self) -> None:
        """Close connections to the identity service."""
        close = getattr(self._own, "close", None)
        if close is not None:
            close()

    def forget(self) -> None:
        """Sign out: delete stored tokens. Those in memory disappear with this object."""
        self._is_forgotten = True
        forget_tokens(self._connection)

    def _show_code(self, address: str, code: str, _: datetime) -> None:
        self._prompt(
            tr(
                "To sign in to {name}, open {address} and enter the code {code}.",
                name=self._connection.name,
                address=address,
                code=code,
            )
        )


def forget_tokens(connection: Connection) -> None:
    """Delete the connection's tokens from the operating system's credential store, whatever method it uses now."""
    if connection.cloud.needs_sign_in:
        forget_tokens_of(connection.id)


def forget_tokens_of(connection_id: int) -> None:
    """Delete the tokens of the connection with this ID from the operating system's credential store."""
    for is_cae in (False, True):
        forget_cache(CACHE_NAME.format(id=connection_id), is_cae=is_cae)


def credential_of(connection: Connection, show_code: ShowCode) -> TokenCredential:
    """azure-identity's credential for the connection's sign-in method.

    Raises:
        ValueError, OSError: its settings can't be used, such as a missing certificate.
    """
    cloud = connection.cloud
    if not cloud.needs_sign_in:
        return NoCredential()
    from azure import identity  # noqa: PLC0415 - 0.4 s, and the demo never needs it

    common: dict[str, Any] = {"authority": f"https://{cloud.authority}"}
    if cloud.key == CUSTOM:
        common["disable_instance_discovery"] = True
    match connection.method:
        case SignInMethod.CLI:
            return identity.AzureCliCredential(
                tenant_id=connection.tenant or "", process_timeout=CLI_TIMEOUT_S
            )
        case SignInMethod.MANAGED_IDENTITY:
            return identity.ManagedIdentityCredential(client_id=connection.client_id)
        case SignInMethod.CERTIFICATE:
            return identity.CertificateCredential(
                connection.tenant or "",
                connection.client_id or "",
                connection.certificate,
                password=os.environ.get(CERTIFICATE_PASSWORD),
                **common,
            )
    return _of_user(connection, common, show_code)


def _of_user(
    connection: Connection, common: dict[str, Any], show_code: ShowCode
) -> TokenCredential:
    """Credentials of methods that need a person."""
    from azure import identity  # noqa: PLC0415 - 0.4 s, and the demo never needs it

    keywords = common | {"disable_automatic_authentication": True}
    for name, value in (("tenant_id", connection.tenant), ("client_id", connection.client_id)):
        if value:
            keywords[name] = value
    if connection.record:
        keywords["authentication_record"] = identity.AuthenticationRecord.deserialize(
            connection.record
        )
    options = identity.TokenCachePersistenceOptions(name=CACHE_NAME.format(id=connection.id))
    if can_keep(options.name):
        keywords["cache_persistence_options"] = options
    match connection.method:
        case SignInMethod.DEVICE_CODE:
            return identity.DeviceCodeCredential(prompt_callback=show_code, **keywords)
        case SignInMethod.BROKER:
            return _broker(keywords)
    return _browser(keywords)


def _browser(keywords: dict[str, Any]) -> TokenCredential:
    """The browser's credential.

    WORKAROUND: if a sign-in fails before the browser opens, azure-identity leaves its port open. It is closed here.
    """
    from azure.identity import InteractiveBrowserCredential  # noqa: PLC0415 - see above
    from azure.identity._internal import AuthCodeRedirectServer  # noqa: PLC0415 - as above

    class Credential(InteractiveBrowserCredential):
        """Closes each port that it has opened."""

        def authenticate(self, **options: Any) -> Any:
            try:
                return super().authenticate(**options)
            finally:
                for server in servers:
                    server.server_close()
                servers.clear()

    servers: list[AuthCodeRedirectServer] = []

    def open_port(host: str, port: int, timeout: int) -> AuthCodeRedirectServer:
        servers.append(AuthCodeRedirectServer(host, port, timeout))
        return servers[-1]

    return Credential(_server_class=open_port, **keywords)


def has_broker() -> bool:
    """Whether this is Windows with azure-identity-broker (WAM)."""
    from importlib.util import find_spec  # noqa: PLC0415 - rarely needed

    return sys.platform == "win32" and find_spec("azure.identity.broker") is not None


def _broker(keywords: dict[str, Any]) -> TokenCredential:
    if not has_broker():
        raise ValueError(
            tr("Windows accounts work only on Windows. Choose another sign-in method.")
        )
    import ctypes  # noqa: PLC0415 - on Windows only
    from importlib import import_module  # noqa: PLC0415 - only for this sign-in method

    broker = import_module("azure.identity.broker")
    window = ctypes.windll.user32.GetForegroundWindow()  # type: ignore[attr-defined,unused-ignore]  # exists on Windows only
    credential: TokenCredential = broker.InteractiveBrowserBrokerCredential(
        parent_window_handle=window, **keywords
    )
    return credential


def can_keep(name: str) -> bool:
    """Whether the operating system can store tokens encrypted.

    Otherwise they stay in memory, and every start needs a sign-in.
    """
    return _store_of(name, is_cae=False) is not None


def forget_cache(name: str, *, is_cae: bool) -> None:
    """Empty a token cache in the operating system's credential store."""
    kept = _store_of(name, is_cae=is_cae)
    if kept is not None:
        kept.save("{}")


def _store_of(name: str, *, is_cae: bool) -> Any:
    """The operating system's store of a token cache; None without encryption.

    WORKAROUND: azure-identity has no sign-out and no way to check for encryption, so its internal function is used.
    """
    from azure.identity import _constants as constants  # noqa: PLC0415 - as azure.identity itself
    from azure.identity import _persistent_cache as cache  # noqa: PLC0415 - as azure.identity itself

    suffix = constants.CACHE_CAE_SUFFIX if is_cae else constants.CACHE_NON_CAE_SUFFIX
    try:
        return cache._get_persistence(  # noqa: SLF001 - see above
            allow_unencrypted=False, account_name="MSALCache", cache_name=name + suffix
        )
    except Exception as error:  # noqa: BLE001 - whatever it raises, there is no store
        log.info("no encrypted store for tokens here: %s", error)
        return None


def account_name(token: str) -> str | None:
    """The account that an access token is for, by its claims; None if unnamed."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return next((str(claims[c]) for c in _WHO if claims.get(c)), None)
    except (IndexError, ValueError, AttributeError, TypeError):
        return None
