"""A city's own sign-on by OpenID Connect: the authorization code flow with PKCE, state and nonce.

Nothing of the city's tokens is kept: the identity token is checked once (signature by the provider's keys, issuer,
audience, time, nonce), and then a session of ours begins. People are known by issuer and subject, which never change,
and linked at their first sign-in: an account without a password, made for them by name, or a new one with the role that
the settings give to newcomers.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy.orm import Session

from api.errors import ForbiddenError, SignInError, UnavailableError
from api.security.people import add_person
from api.security.policy import ROLES
from api.settings import Settings
from api.store import people
from api.store.models import Person

_SCOPE = "openid profile"
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_WAIT_S = 10.0
_MEMO_S = 600
FAILED = "the city's sign-on did not confirm who you are; try again"


@dataclass(frozen=True)
class Identity:
    """Whom the city's sign-on has confirmed."""

    subject: str
    name: str
    display_name: str


def is_on(settings: Settings) -> bool:
    """Return whether the city's own sign-on is configured."""
    return bool(settings.oidc_issuer and settings.oidc_client_id)


def begin(settings: Settings, secret: bytes, *, answer_url: str, wanted: str) -> tuple[str, str]:
    """Return where to send the browser, and the memo that it keeps meanwhile in a cookie.

    Raises
    ------
    UnavailableError
        Where the provider does not answer.
    """
    memo = {
        "state": secrets.token_urlsafe(24),
        "nonce": secrets.token_urlsafe(24),
        "verifier": secrets.token_urlsafe(48),
    }
    with _client(settings, answer_url) as client:
        provider = _discover(settings)
        url, _ = client.create_authorization_url(
            provider["authorization_endpoint"],
            state=memo["state"],
            nonce=memo["nonce"],
            code_verifier=memo["verifier"],
        )
    return url, _serializer(secret).dumps(memo | {"wanted": wanted})


def finish(
    settings: Settings, secret: bytes, *, answer_url: str, memo: str, state: str, code: str, moment: dt.datetime
) -> tuple[Identity, str]:
    """Return whom the provider confirms, and the page that was wanted.

    Raises
    ------
    SignInError
        Where anything of the answer is not as it must be.
    UnavailableError
        Where the provider does not answer.
    """
    try:
        kept = _serializer(secret).loads(memo, max_age=_MEMO_S)
    except BadSignature as error:
        raise SignInError(FAILED) from error
    if not secrets.compare_digest(kept["state"].encode(), state.encode("utf-8", "replace")):
        raise SignInError(FAILED)
    with _client(settings, answer_url) as client:
        provider = _discover(settings)
        try:
            token = client.fetch_token(provider["token_endpoint"], code=code, code_verifier=kept["verifier"])
            keys = httpx2.get(provider["jwks_uri"], timeout=_WAIT_S).raise_for_status().json()
            claims = _checked(token["id_token"], keys, settings, kept["nonce"], moment)
        except (AuthlibBaseError, JoseError, KeyError, TypeError, ValueError, httpx2.HTTPStatusError) as error:
            raise SignInError(FAILED) from error
        except httpx2.HTTPError as error:
            raise UnavailableError("the city's sign-on does not answer at the moment") from error
    name = str(claims.get(settings.oidc_name_claim) or "")[:64].strip()
    identity = Identity(f"{claims['iss']}|{claims['sub']}"[:300], name, str(claims.get("name") or name)[:100])
    return identity, str(kept["wanted"])


def person_of(session: Session, identity: Identity, settings: Settings) -> Person:
    """Return the account of an identity, linked or made at the first sign-in.

    Raises
    ------
    ForbiddenError
        Where there is none for them, and newcomers get none.
    """
    known = people.person_of_subject(session, identity.subject)
    if known is not None:
        if known.disabled:
            raise ForbiddenError("this account is disabled; ask your administrator")
        return known
    waiting = people.get_person(session, identity.name) if identity.name else None
    if (
        waiting is not None
        and waiting.password_hash is None
        and waiting.external_subject is None
        and not waiting.disabled
    ):
        waiting.external_subject = identity.subject
        return waiting
    role = settings.oidc_newcomer_role
    if waiting is not None or role not in ROLES or not identity.name:
        raise ForbiddenError("there is no account for you yet; ask your administrator")
    return add_person(
        session,
        name=identity.name,
        password=None,
        roles=[role],
        display_name=identity.display_name,
        external_subject=identity.subject,
    )


def _client(settings: Settings, answer_url: str) -> OAuth2Client:
    return OAuth2Client(
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None,
        scope=_SCOPE,
        redirect_uri=answer_url,
        code_challenge_method="S256",
        timeout=_WAIT_S,
    )


def _discover(settings: Settings) -> dict[str, Any]:
    issuer = str(settings.oidc_issuer).rstrip("/")
    try:
        answer = httpx2.get(f"{issuer}/.well-known/openid-configuration", timeout=_WAIT_S).raise_for_status()
        provider: dict[str, Any] = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise UnavailableError("the city's sign-on does not answer at the moment") from error
    if str(provider.get("issuer", "")).rstrip("/") != issuer:
        raise UnavailableError("the city's sign-on says it is another one; check the setting oidc_issuer")
    return provider


def _checked(token: str, keys: Any, settings: Settings, nonce: str, moment: dt.datetime) -> CodeIDToken:
    decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {
            "iss": {"essential": True, "values": [settings.oidc_issuer, str(settings.oidc_issuer).rstrip("/")]},
            "sub": {"essential": True},
            "aud": {"essential": True, "value": settings.oidc_client_id},
            "exp": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        },
        {"client_id": settings.oidc_client_id, "nonce": nonce},
    )
    claims.validate(now=int(moment.timestamp()), leeway=60)
    return claims


def _serializer(secret: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="oidc-memo")
