"""Messages by e-mail and to robots, on both databases: nothing lost, nothing twice, and nobody held up by another.

The mail server and the robots are real ones on this machine; the clock is turned, not waited for.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.jobs.worker import Worker, channels_of, wait_s
from api.security.people import add_person
from api.services.messages.inbox import send_again
from api.services.messages.telling import Event, tell
from api.settings import Settings, Webhook
from api.store.engine import reading, writing
from api.store.models import Message, OutboxEntry
from api.store.outbox import with_channels
from tests import loops
from tests.jobs.receivers import ACCEPTED, ChatServer, MailServer, chat_server, free_port, mail_server

NOON = dt.datetime(2026, 11, 27, 4, 0, tzinfo=dt.UTC)
SAID = {"number": "330681-1", "category": "VEN", "due": "2026-11-27T09:30:00+00:00", "zone": "Asia/Shanghai"}


class Office:
    """A database with one person who has an address, and a clock that is turned."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.settings = settings
        self.engine = with_channels(engine, channels_of(settings))
        self.time = NOON
        with writing(self.engine) as session:
            person = add_person(session, name="han", password=None, roles=["handler"], invented=True)
            person.email = "han@example.org"
            session.flush()
            self.person = person.id

    def worker(self, **more: Any) -> Worker:
        return Worker(self.engine, self.settings, clock=lambda: self.time, chance=lambda: 0.5, **more)

    def tell(self, count: int = 1) -> list[str]:
        keys = [f"event {uuid.uuid4()}" for _ in range(count)]
        for key in keys:
            said = SAID | {"number": key[-12:]}
            event = Event(key, "case_urged", "case", uuid.uuid4(), said, frozenset({self.person}))
            with writing(self.engine) as session:
                tell(session, event, today=NOON.date(), moment=self.time)
        return keys

    def once(self) -> int:
        return loops.run(self.worker().once())

    def states(self) -> dict[str, int]:
        with reading(self.engine) as session:
            rows = session.execute(sa.select(OutboxEntry.state, sa.func.count()).group_by(OutboxEntry.state)).all()
        return {row[0]: row[1] for row in rows}

    def entries(self) -> list[OutboxEntry]:
        with reading(self.engine) as session:
            return list(session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id)))

    def turn(self, **by: float) -> None:
        self.time += dt.timedelta(**by)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


def by_mail(settings: Settings, port: int) -> dict[str, Any]:
    return {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "data": settings.data}


def hook(server: ChatServer, kind: str = "dingtalk", name: str = "office", **more: Any) -> Webhook:
    return Webhook.model_validate({"name": name, "kind": kind, "url": server.url} | more)


def test_a_letter_goes_out_once(engine: Engine, settings: Settings, mail: MailServer) -> None:
    office = Office(engine, Settings(**by_mail(settings, mail.port), public_url="https://campus.example.org/"))
    office.tell()
    assert (office.once(), office.once()) == (1, 0)
    (letter,) = mail.letters
    assert letter["To"] == "han@example.org"
    assert "催办" in letter["Subject"]
    assert "https://campus.example.org/board#case=" in letter.get_content()
    (entry,) = office.entries()
    assert letter["Message-ID"] == f"<{entry.uuid}@localhost>"
    assert (entry.state, entry.attempts) == ("sent", 1)


def test_what_was_told_is_not_told_again_and_without_channels_stays_in_the_app(
    engine: Engine, settings: Settings
) -> None:
    office = Office(engine, settings)
    event = Event("once", "case_urged", "case", uuid.uuid4(), SAID, frozenset({office.person}))
    for _ in range(2):
        with writing(office.engine) as session:
            tell(session, event, today=NOON.date())
    with reading(office.engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1
    assert office.entries() == []


def test_robots_get_what_their_platforms_document(engine: Engine, settings: Settings) -> None:
    with chat_server() as ding, chat_server() as wecom, chat_server() as feishu:
        ding.url += "?access_token=made-up"
        wecom.url += "?key=made-up"
        hooks = (
            hook(ding, "dingtalk", "ding", secret="SECmade-up"),
            hook(wecom, "wecom", "wecom"),
            hook(feishu, "feishu", "feishu", secret="made-up"),
        )
        office = Office(engine, Settings(data=settings.data, webhooks=hooks))
        office.tell()
        assert office.once() == 3
    (query, body), stamp = ding.accepted[0], str(int(NOON.timestamp() * 1000))
    said = parse_qs(query)
    assert said["access_token"] == ["made-up"]
    assert said["timestamp"] == [stamp]
    expected = hmac.new(b"SECmade-up", f"{stamp}\nSECmade-up".encode(), hashlib.sha256).digest()
    assert base64.b64decode(said["sign"][0]) == expected
    assert body["msgtype"] == "text"
    assert body["text"]["content"].startswith("案卷")
    query, body = wecom.accepted[0]
    assert (query, body["msgtype"]) == ("key=made-up", "text")
    _, body = feishu.accepted[0]
    stamp = str(int(NOON.timestamp()))
    expected = hmac.new(f"{stamp}\nmade-up".encode(), b"", hashlib.sha256).digest()
    assert (body["timestamp"], base64.b64decode(body["sign"])) == (stamp, expected)
    assert (body["msg_type"], "催办" in body["content"]["text"]) == ("text", True)


def test_with_the_receivers_down_for_an_hour_nothing_is_lost_and_nothing_comes_twice(
    engine: Engine, settings: Settings, chat: ChatServer
) -> None:
    port = free_port()
    office = Office(engine, Settings(**by_mail(settings, port), webhooks=(hook(chat),)))
    chat.behave = lambda _: (503, "")
    keys = office.tell(5)
    end = office.time + dt.timedelta(hours=1)
    rounds = 0
    while office.time < end:
        assert office.once() == 0
        rounds += 1
        office.turn(minutes=2)
    attempts = {entry.attempts for entry in office.entries()}
    assert max(attempts) < 10  # it waits longer each time
    assert office.states() == {"waiting": 10}
    chat.behave = lambda _: (200, ACCEPTED)
    with mail_server(port) as back:
        for _ in range(40):
            office.turn(minutes=5)
            office.once()
        assert office.states() == {"sent": 10}
        assert len({letter["Message-ID"] for letter in back.letters}) == len(back.letters) == 5
    assert sorted(text.split("（")[0].split()[-1] for text in chat.texts()) == sorted(key[-12:] for key in keys)


def test_a_receiver_that_fails_at_random_gets_everything_once(
    engine: Engine, settings: Settings, chat: ChatServer
) -> None:
    dice = random.Random(7)
    failures = [(500, "oops"), (429, ""), (200, '{"errcode": 130101, "errmsg": "too fast"}'), (200, "not JSON")]
    chat.behave = lambda _: dice.choice(failures) if dice.random() < 0.6 else (200, ACCEPTED)
    office = Office(engine, Settings(data=settings.data, webhooks=(hook(chat),)))
    keys = office.tell(30)
    for _ in range(200):
        office.once()
        if office.states() == {"sent": 30}:
            break
        office.turn(minutes=10)
    assert office.states() == {"sent": 30}
    assert chat.asked > 30  # it did fail
    assert sorted(text.split("（")[0].split()[-1] for text in chat.texts()) == sorted(key[-12:] for key in keys)


def test_a_robot_that_hangs_times_out_and_holds_up_nobody(
    engine: Engine, settings: Settings, mail: MailServer, chat: ChatServer
) -> None:
    with chat_server() as hanging:
        hanging.behave = lambda _: None
        hooks = (hook(hanging, name="hanging"), hook(chat, name="well"))
        office = Office(engine, Settings(**by_mail(settings, mail.port), webhooks=hooks, message_timeout_s=8))
        office.tell(3)
        assert office.once() == 6
        assert len(mail.letters) == len(chat.accepted) == 3
        assert hanging.asked == 1  # the others of its batch are not tried
        waiting = [entry for entry in office.entries() if entry.target == "hanging"]
        assert {entry.state for entry in waiting} == {"waiting"}
        assert "no answer within 8 s" in waiting[0].last_error


def test_a_robot_is_not_asked_more_often_than_it_bears(engine: Engine, settings: Settings, chat: ChatServer) -> None:
    office = Office(engine, Settings(data=settings.data, webhooks=(hook(chat),)))
    office.tell(25)
    assert (office.once(), office.once()) == (20, 0)
    office.turn(seconds=61)
    assert office.once() == 5


def test_what_cannot_be_delivered_is_dead_and_can_be_sent_again(
    engine: Engine, settings: Settings, mail: MailServer, chat: ChatServer
) -> None:
    mail.refuse.add("han@example.org")
    chat.behave = lambda _: (500, "")
    settings = Settings(**by_mail(settings, mail.port), webhooks=(hook(chat),), message_attempts=3)
    office = Office(engine, settings)
    office.tell()
    office.once()
    assert office.states() == {"dead": 1, "waiting": 1}  # an unknown address is hopeless at once
    for _ in range(2):
        office.turn(hours=2)
        office.once()
    assert office.states() == {"dead": 2}
    assert [entry.attempts for entry in office.entries()] == [1, 3]
    mail.refuse.clear()
    chat.behave = lambda _: (200, ACCEPTED)
    with writing(office.engine) as session:
        assert send_again(session, None) == {"again": 2}
    office.time = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    assert office.once() == 2
    assert office.states() == {"sent": 2}


def test_two_workers_never_send_the_same(engine: Engine, settings: Settings, mail: MailServer) -> None:
    office = Office(engine, Settings(**by_mail(settings, mail.port)))
    office.tell(30)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            list(pool.map(lambda _: loops.run(office.worker().once()), range(4)))
    assert office.states() == {"sent": 30}
    assert len({letter["Message-ID"] for letter in mail.letters}) == len(mail.letters) == 30


def test_a_robot_that_left_the_configuration_is_named(engine: Engine, settings: Settings, chat: ChatServer) -> None:
    office = Office(engine, Settings(data=settings.data, webhooks=(hook(chat, name="gone"),)))
    office.tell()
    office.settings = Settings(data=settings.data)
    assert office.once() == 0
    (entry,) = office.entries()
    assert (entry.state, "no robot gone in the configuration" in entry.last_error) == ("dead", True)


def test_killed_between_sending_and_marking_the_letter_goes_out_again_under_its_name(
    engine: Engine, settings: Settings, mail: MailServer
) -> None:
    office = Office(engine, Settings(**by_mail(settings, mail.port)))
    office.tell()
    killed: list[int] = []

    def kill(_letter: object) -> None:
        if not killed:
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)

    mail.on_letter = kill
    environment = os.environ | {
        "CAMPUS_DATA": str(settings.data), "CAMPUS_SMTP_HOST": "127.0.0.1", "CAMPUS_SMTP_PORT": str(mail.port),
        "CAMPUS_SMTP_SECURITY": "none",
        "CAMPUS_DATABASE_URL": engine.url.render_as_string(hide_password=False),
    }  # fmt: skip
    worker = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "work", "--once"], env=environment, cwd=Path(__file__).parents[2]
    )
    assert worker.wait(120) == -signal.SIGKILL
    assert office.states() == {"sending": 1}
    office.time = dt.datetime.now(dt.UTC)
    assert office.once() == 0  # its claim still holds
    office.turn(minutes=10)
    assert office.once() == 1
    assert office.states() == {"sent": 1}
    assert len(mail.letters) == 2
    assert len({letter["Message-ID"] for letter in mail.letters}) == 1


def test_waits_grow_and_are_spread() -> None:
    for attempts in range(1, 30):
        assert wait_s(attempts, 0.0) < wait_s(attempts, 1.0) <= 3600 * 1.2
