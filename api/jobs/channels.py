r"""Ways out: e-mail by SMTP, and robots of DingTalk (钉钉), WeCom (企业微信) and Feishu (飞书).

Formats and signatures are those that the platforms document for robots of group chats:

- DingTalk: ``timestamp`` (milliseconds) and ``sign`` in the address, sign = Base64(HMAC-SHA256(key = secret,
  text = timestamp + "\n" + secret)); done is ``errcode`` 0.
- WeCom: the key in the address is all there is; a text has 2,048 bytes at most; done is ``errcode`` 0.
- Feishu: ``timestamp`` (seconds) and ``sign`` in the body, sign = Base64(HMAC-SHA256(key = timestamp + "\n" + secret,
  text empty)); done is ``code`` 0.

None of them knows a message again that it has had already. Addresses come from the configuration alone, and no
redirection is followed.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import aiosmtplib
import httpx2

from api.settings import Settings, Webhook

ROBOT_TEXT_BYTES = 2_048
ROBOT_PER_MINUTE = 20  # DingTalk and WeCom refuse more from one robot
_LARGEST_ANSWER = 65_536
_HOPELESS_HTTP = frozenset({400, 401, 403, 404, 405, 410, 413, 414})


@dataclass(frozen=True)
class Letter:
    """What goes out once: to whom (an address, empty for robots), what, and the name it keeps at every attempt."""

    identity: str
    to: str
    subject: str
    text: str
    at: dt.datetime


class NotSentError(Exception):
    """A message did not go out; ``hopeless``: another attempt would not help; ``down``: nothing else goes out either."""

    def __init__(self, why: str, *, hopeless: bool = False, down: bool = False) -> None:
        super().__init__(why)
        self.hopeless = hopeless
        self.down = down


Send = Callable[[Letter, dt.datetime], Awaitable[None]]


@asynccontextmanager
async def mail(settings: Settings) -> AsyncIterator[Send]:
    """Open a connection to the mail server, and give what sends one letter over it.

    Raises
    ------
    NotSentError
        Where the server cannot be reached, or does not let us in.
    """
    password = None if settings.smtp_password is None else settings.smtp_password.get_secret_value()
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_user or None,
        password=password if settings.smtp_user else None,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
        timeout=settings.message_timeout_s,
    )
    try:
        async with asyncio.timeout(settings.message_timeout_s):
            await client.connect()
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise NotSentError(f"the mail server: {_short(error)}", down=True) from error

    async def send(letter: Letter, _moment: dt.datetime) -> None:
        try:
            async with asyncio.timeout(settings.message_timeout_s):
                await client.send_message(_email(letter, settings.mail_from))
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            code = _code(error)
            raise NotSentError(f"the mail server answered {_short(error)}", hopeless=code >= 500) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSentError(f"the mail server: {_short(error)}", down=True) from error

    try:
        yield send
    finally:
        client.close()


def _email(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject.replace("\n", " ")
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.identity}@{sender.rpartition('@')[2].strip('> ') or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _code(error: Exception) -> int:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return max((refused.code for refused in error.recipients), default=0)
    return int(getattr(error, "code", 0))


@asynccontextmanager
async def robot(webhook: Webhook, timeout_s: float) -> AsyncIterator[Send]:
    """Give what sends one letter to a robot; each within its time, however slowly the answer drips."""
    async with httpx2.AsyncClient(timeout=timeout_s, follow_redirects=False) as client:

        async def send(letter: Letter, moment: dt.datetime) -> None:
            url, body = robot_request(webhook, letter.text, moment)
            try:
                async with asyncio.timeout(timeout_s):
                    status, answer = await _post(client, url, body)
            except TimeoutError as error:
                raise NotSentError(f"no answer within {timeout_s:g} s", down=True) from error
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise NotSentError(f"cannot be reached: {type(error).__name__}", down=True) from error
            _require_done(status, answer)

        yield send


async def _post(client: httpx2.AsyncClient, url: str, body: dict[str, Any]) -> tuple[int, bytes]:
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    async with client.stream("POST", url, content=content, headers=headers) as response:
        answer = bytearray()
        async for part in response.aiter_bytes():
            answer += part
            if len(answer) > _LARGEST_ANSWER:
                break
        return response.status_code, bytes(answer)


def robot_request(webhook: Webhook, text: str, moment: dt.datetime) -> tuple[str, dict[str, Any]]:
    """Return address and body of a request to a robot, signed where it has a secret.

    Examples
    --------
    >>> hook = Webhook(name="x", kind="feishu", url="https://robot.invalid/hook", secret="made-up")
    >>> _, body = robot_request(hook, "hello", dt.datetime(2026, 11, 27, tzinfo=dt.UTC))
    >>> body["timestamp"], body["msg_type"], body["content"]["text"]
    ('1795737600', 'text', 'hello')
    """
    short = text.encode()[:ROBOT_TEXT_BYTES].decode(errors="ignore")
    secret = None if webhook.secret is None else webhook.secret.get_secret_value()
    if webhook.kind == "feishu":
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": short}}
        if secret:
            stamp = str(int(moment.timestamp()))
            body = {"timestamp": stamp, "sign": _sign(f"{stamp}\n{secret}", "")} | body
        return webhook.url, body
    body = {"msgtype": "text", "text": {"content": short}}
    if webhook.kind == "wecom" or not secret:
        return webhook.url, body
    stamp = str(int(moment.timestamp() * 1000))
    signed = {"timestamp": stamp, "sign": _sign(secret, f"{stamp}\n{secret}")}
    return str(httpx2.URL(webhook.url).copy_merge_params(signed)), body


def _sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _require_done(status: int, answer: bytes) -> None:
    """Refuse an answer that does not say that the message is out: a robot says it in the body, with status 200."""
    if status != 200:
        hopeless = status in _HOPELESS_HTTP or 300 <= status < 400
        raise NotSentError(f"answered with HTTP {status}", hopeless=hopeless, down=status == 429 or status >= 500)
    try:
        said = json.loads(answer)
        code = said.get("errcode", said.get("code", said.get("StatusCode")))
    except (ValueError, AttributeError):
        raise NotSentError("answered with something that is not of a robot") from None
    if code != 0:
        words = str(said.get("errmsg", said.get("msg", "")))[:120]
        raise NotSentError(f"refused it: {str(code)[:20]} {words}", down=True)


def _short(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip().splitlines()[0][:200]
