"""Photos of hazards and inspections: sent, kept, shown, and attacked. All records and pictures invented."""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.store.audit import check_chain
from api.store.engine import reading
from api.store.models import AuditEntry, Photo
from tests import photos_sent as sent
from tests.http.conftest import Headers
from tests.http.invented_town import assert_problem, place

SignIn = Callable[[TestClient, str], Headers]


def add_hazard(client: TestClient, headers: Headers) -> str:
    lon, lat = place(70, 0)
    body = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}
    assert client.post("/api/v1/hazards", json=body, headers=headers).status_code == 201
    return str(body["id"])


def add_inspection(client: TestClient, headers: Headers) -> str:
    lon, lat = place(70, 0)
    body = {"id": str(uuid.uuid4()), "started_at": "2026-11-03T16:00:00+08:00", "lon": lon, "lat": lat}
    assert client.post("/api/v1/inspections", json=body, headers=headers).status_code == 201
    return str(body["id"])


def send(client: TestClient, path: str, headers: Headers, content: bytes, *, name: str = "p.jpg", **fields: str) -> Any:
    form = {"id": str(uuid.uuid4())} | fields
    return client.post(path, data=form, files={"file": (name, content)}, headers=headers)


@pytest.fixture
def to_hazard(client: TestClient, inspector: Headers) -> str:
    """Return where photos of a new hazard of the inspector are sent."""
    return f"/api/v1/hazards/{add_hazard(client, inspector)}/photos"


def photos_kept(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Photo)) or 0


def files_kept(settings: Settings) -> list[Path]:
    return [path for path in (settings.data / "files").rglob("*") if path.is_file()]


def test_a_photo_is_kept_without_its_metadata_and_shown_safely(
    client: TestClient, town: Engine, settings: Settings, inspector: Headers, to_hazard: str
) -> None:
    answer = send(client, to_hazard, inspector, sent.from_a_camera(orientation=6), caption="an invented gate")
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert (said["width_px"], said["height_px"], said["caption"]) == (80, 120, "an invented gate")
    assert said["taken_at"] == "2026-11-03T07:20:00+00:00"
    shown = client.get(said["url"], headers=inspector)
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert shown.headers["content-disposition"] == f'inline; filename="{said["id"]}.jpg"'
    assert shown.headers["cache-control"] == "private, no-cache"
    for trace in (sent.SECRET, b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE"):
        assert trace not in shown.content
    assert sent.looks(sent.average(shown.content, (0, 0, 1, 0.5)), sent.RED), "the left half is on top now"
    (path,) = files_kept(settings)
    assert path == settings.data / "files" / said["sha256"][:2] / said["sha256"][2:4] / f"{said['sha256']}.jpg"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == said["sha256"]
    assert path.read_bytes() == shown.content
    again = client.get(said["url"], headers=inspector | {"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    small = client.get(said["thumbnail_url"], headers=inspector)
    assert small.headers["etag"] != shown.headers["etag"]
    with Image.open(io.BytesIO(small.content)) as image:
        assert image.size == (80, 120)
    with reading(town) as session:
        line = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == "photos")).one()
        assert (line.action, line.person, line.subject_uuid) == ("create", "ins", said["id"])
        assert list(check_chain(session, town.get_execution_options().get("audit_key", b""))) == []


def test_the_same_photo_again_creates_nothing_and_another_conflicts(
    client: TestClient, town: Engine, settings: Settings, inspector: Headers, to_hazard: str, sign_in: SignIn
) -> None:
    identity, content = str(uuid.uuid4()), sent.from_a_camera()
    first = send(client, to_hazard, inspector, content, id=identity)
    again = send(client, to_hazard, inspector, content, id=identity)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert_problem(send(client, to_hazard, inspector, sent.from_a_camera("PNG"), id=identity), 409)
    elsewhere = f"/api/v1/hazards/{add_hazard(client, inspector)}/photos"
    assert_problem(send(client, elsewhere, inspector, content, id=identity), 409)
    assert_problem(send(client, to_hazard, sign_in(client, "dis"), content, id=identity), 409)
    assert photos_kept(town) == 1
    same = send(client, elsewhere, inspector, content)
    assert (same.status_code, same.json()["sha256"]) == (201, first.json()["sha256"])
    assert len(files_kept(settings)) == 1, "the same content twice is one file"
    assert photos_kept(town) == 2


def test_two_at_the_same_time_with_the_same_id_are_one(
    client: TestClient, town: Engine, inspector: Headers, to_hazard: str
) -> None:
    for _ in range(5):
        identity, content = str(uuid.uuid4()), sent.from_a_camera()
        answers: list[Any] = []
        start = threading.Barrier(4)

        def upload(identity: str = identity, content: bytes = content, start: threading.Barrier = start) -> None:
            start.wait()
            answers.append(send(client, to_hazard, inspector, content, id=identity))  # noqa: B023 - of this round

        threads = [threading.Thread(target=upload) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201], [a.text for a in answers]
        assert len({answer.text for answer in answers}) == 1
    assert photos_kept(town) == 5


def test_a_list_in_pages_and_the_moment_that_the_sender_names(
    client: TestClient, inspector: Headers, to_hazard: str
) -> None:
    ids = []
    for n in range(3):
        taken = f"2026-11-03T16:0{n}:00+08:00"
        answer = send(client, to_hazard, inspector, sent.from_a_camera(), taken_at=taken, caption="13800000000")
        assert answer.json()["taken_at"] == f"2026-11-03T08:0{n}:00+00:00"
        assert [w["code"] for w in answer.json()["warnings"]] == ["telephone"]
        ids.append(answer.json()["id"])
    page = client.get(f"{to_hazard}?limit=2", headers=inspector)
    assert [photo["id"] for photo in page.json()["photos"]] == ids[:2]
    following = page.headers["link"].split(";")[0].strip("<>")
    assert [photo["id"] for photo in client.get(following, headers=inspector).json()["photos"]] == ids[2:]


ATTACKS: list[tuple[str, bytes, int]] = [
    ("30,000 × 30,000 pixels", sent.png_of(30_000, 30_000), 413),
    ("a WebP that says 16,384 × 16,384", sent.webp_that_says(16_384, 16_384), 413),
    ("cut off", sent.from_a_camera()[:1500], 422),
    ("an animated PNG", sent.animated("PNG"), 422),
    ("a JPEG of 1,000 scans", sent.jpeg_of_many_scans(1_000), 422),
    ("a GIF with a script", sent.GIF_WITH_SCRIPT, 415),
    ("an SVG with a script", sent.SVG, 415),
    ("HEIC", sent.HEIC, 415),
    ("a zip", b"PK\x03\x04" + b"\0" * 100, 415),
    ("nothing", b"", 415),
]


@pytest.mark.parametrize(("content", "status"), [row[1:] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
def test_what_is_no_good_photo_is_refused_and_leaves_nothing(
    client: TestClient,
    town: Engine,
    settings: Settings,
    inspector: Headers,
    to_hazard: str,
    content: bytes,
    status: int,
) -> None:
    assert_problem(send(client, to_hazard, inspector, content, name="../../../../etc/passwd\x00.jpg"), status)
    assert files_kept(settings) == []
    assert photos_kept(town) == 0


def test_a_photo_that_is_something_else_too_is_only_a_photo_afterwards(
    client: TestClient, inspector: Headers, to_hazard: str
) -> None:
    good = sent.written(sent.two_colours())
    script = b"<script>alert(1)</script>"
    for both in (
        good + b"PK\x03\x04" + script,
        sent.with_segments(good, sent.jpeg_segment(0xFE, script)),
        sent.with_segments(good, *[sent.jpeg_segment(0xE1, sent.exif_that_unfolds())] * 10),
    ):
        answer = send(client, to_hazard, inspector, both, name='<img src=x onerror=alert(1)>.html"\r\nX-Evil: 1')
        assert answer.status_code == 201, answer.text
        assert "evil" not in answer.text.lower()
        assert "onerror" not in answer.text
        shown = client.get(answer.json()["url"], headers=inspector)
        assert b"script" not in shown.content
        assert b"PK\x03\x04" not in shown.content
        assert "X-Evil" not in shown.headers


@pytest.fixture
def strict_client(town: Engine, settings: Settings) -> Iterator[TestClient]:
    """Return a client of an application that takes photos of a tenth of a megabyte and of a megapixel."""
    strict = settings.model_copy(update={"photo_max_mb": 0.1, "photo_max_megapixels": 1.0, "language": "en"})
    with TestClient(create_app(strict, town), follow_redirects=False) as made:
        yield made


def test_what_is_too_large_is_said_in_the_language_of_the_person(
    strict_client: TestClient, sign_in: SignIn, settings: Settings
) -> None:
    headers = sign_in(strict_client, "ins")
    path = f"/api/v1/hazards/{add_hazard(strict_client, headers)}/photos"
    just = sent.written(sent.two_colours()) + b"\0" * 90_000
    assert send(strict_client, path, headers, just).status_code == 201
    english = assert_problem(send(strict_client, path, headers, just + b"\0" * 20_000), 413)
    assert "0.1 MB" in english["detail"]
    chinese = assert_problem(send(strict_client, f"{path}?lang=zh", headers, just + b"\0" * 20_000), 413)
    assert "超过 0.1 MB" in chinese["detail"]
    assert chinese["type"] == english["type"] == "/problems/too-large"
    wide = assert_problem(
        send(strict_client, path, headers | {"Accept-Language": "zh-CN"}, sent.png_of(1001, 1000)), 413
    )
    assert "1,001 × 1,000" in wide["detail"]
    assert "像素" in wide["detail"]
    assert send(strict_client, path, headers, sent.png_of(1000, 1000)).status_code == 201


def test_a_body_without_an_end_is_not_read_to_it(strict_client: TestClient, sign_in: SignIn) -> None:
    headers = sign_in(strict_client, "ins")
    path = f"/api/v1/hazards/{add_hazard(strict_client, headers)}/photos"
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b'--cut\r\nContent-Disposition: form-data; name="file"; filename="p.jpg"\r\n\r\n'
        for _ in range(1_000):
            taken += 100_000
            yield b"\xff" * 100_000

    form = {"Content-Type": "multipart/form-data; boundary=cut"}
    for lie in ({}, {"Content-Length": "100"}):  # the promise of a client is not asked
        answer = strict_client.post(path, content=endless(), headers=headers | form | lie)
        assert_problem(answer, 413)


def test_forms_that_are_none(client: TestClient, inspector: Headers, to_hazard: str) -> None:
    photo = ("p.jpg", sent.written(sent.two_colours()))
    identity = {"id": str(uuid.uuid4())}

    def post(**options: Any) -> Any:
        return client.post(to_hazard, headers=inspector | options.pop("headers", {}), **options)

    assert_problem(post(json=identity), 415)
    assert_problem(post(data=identity), 415)
    assert_problem(post(), 415)
    assert_problem(post(content=b"x", headers={"Content-Type": "multipart/form-data"}), 415)
    broken = {"Content-Type": "multipart/form-data; boundary=cut"}
    assert_problem(post(content=b"not a form at all", headers=broken), 422)
    assert_problem(
        post(content=b'--cut\r\nContent-Disposition: form-data; name="file"; filename="p"', headers=broken), 422
    )
    assert_problem(post(data=identity, files={"other": photo}), 422)
    assert_problem(post(data=identity, files=[("file", photo), ("file", photo)]), 422)
    assert_problem(post(data={"id": [identity["id"]] * 2}, files={"file": photo}), 422)
    assert_problem(post(files={"file": photo}), 422)
    for wrong in (
        {"id": "no-uuid"}, {"taken_at": "yesterday"}, {"taken_at": "2026-11-03T16:00:00"}, {"caption": "x" * 201},
        {"caption": "a\x00b"}, {"sha256": "../../etc/passwd"}, {"hazard_id": "1"}, {"caption": "x" * 20_000},
    ):  # fmt: skip
        problem = assert_problem(post(data=identity | wrong, files={"file": photo}), 422)
        assert "passwd" not in problem["detail"]
    assert client.get(to_hazard, headers=inspector).json() == {"photos": []}


def test_photos_of_an_inspection_are_seen_by_its_inspector_and_the_office(
    client: TestClient, inspector: Headers, sign_in: SignIn
) -> None:
    path = f"/api/v1/inspections/{add_inspection(client, inspector)}/photos"
    other, handler, office = (sign_in(client, name) for name in ("other", "han", "dis"))
    photo = send(client, path, inspector, sent.from_a_camera()).json()
    assert photo["hazard"] is None
    assert photo["inspection"] in path
    for who, status in ((inspector, 200), (office, 200), (other, 404), (handler, 404), ({}, 401)):
        for address in (photo["url"], photo["thumbnail_url"]):
            assert client.get(address, headers=who).status_code == status
    assert_problem(send(client, path, other, sent.from_a_camera()), 404)
    assert_problem(send(client, path, handler, sent.from_a_camera()), 403)


def test_unknown_records_and_strangers(client: TestClient, inspector: Headers, to_hazard: str) -> None:
    nobody = uuid.uuid4()
    for path in (f"/api/v1/hazards/{nobody}/photos", f"/api/v1/inspections/{nobody}/photos"):
        assert_problem(send(client, path, inspector, sent.from_a_camera()), 404)
        assert_problem(send(client, path, {}, sent.from_a_camera()), 401)
    for path in (f"/api/v1/photos/{nobody}", f"/api/v1/photos/{nobody}/thumbnail", f"/api/v1/hazards/{nobody}/photos"):
        assert_problem(client.get(path, headers=inspector), 404)
    assert_problem(client.get("/api/v1/photos/..%2f..%2faudit.key", headers=inspector), 404)
    assert_problem(client.get("/api/v1/photos/not-a-uuid", headers=inspector), 422)


def test_a_disk_that_cannot_be_written_answers_503_and_the_server_goes_on(
    client: TestClient, town: Engine, settings: Settings, inspector: Headers, to_hazard: str
) -> None:
    identity, content = str(uuid.uuid4()), sent.from_a_camera()
    settings.data.mkdir(exist_ok=True)
    (settings.data / "files").write_text("in the way of the folder")
    answer = send(client, to_hazard, inspector, content, id=identity)
    assert_problem(answer, 503)
    assert answer.headers["retry-after"]
    assert photos_kept(town) == 0
    (settings.data / "files").unlink()
    said = send(client, to_hazard, inspector, content, id=identity)
    assert said.status_code == 201
    (path,) = files_kept(settings)
    path.unlink()
    assert_problem(client.get(said.json()["url"], headers=inspector), 503)
    assert send(client, to_hazard, inspector, content).status_code == 201, "sent anew, the file is there again"
    assert client.get(said.json()["url"], headers=inspector).status_code == 200
