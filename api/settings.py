"""Every setting, with its meaning; read from the environment as ``CAMPUS_<NAME>``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Webhook(BaseModel):
    """A robot of a group chat that messages go to; without departments it is told of all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,38}$")
    kind: Literal["dingtalk", "wecom", "feishu"]
    url: str = Field(pattern=r"^https?://\S+$", max_length=1000)
    secret: SecretStr | None = None
    departments: tuple[str, ...] = ()


class Settings(BaseSettings):
    """The settings of one running system; passed in, never read at import."""

    model_config = SettingsConfigDict(env_prefix="CAMPUS_", extra="ignore", frozen=True)

    data: Path = Field(default=Path("data"), description="Folder of the embedded database and of all files.")
    database_url: str | None = Field(
        default=None,
        description="Database; empty means the embedded SpatiaLite file in the data folder. "
        "PostGIS: postgresql+psycopg://user:password@host/name",
    )
    language: Literal["zh", "en"] = Field(default="zh", description="Language of a first visit.")
    public_view: bool = Field(
        default=True,
        description="Whether the map, without sealed data, is shown to people who are not signed in.",
    )
    perimeter_distance_m: float = Field(
        default=200.0, gt=0, le=5000, description="Width of the control zone around a campus, metres."
    )
    cell_m: float = Field(default=100.0, ge=20, le=1000, description="Side of a generated grid cell, metres.")
    point_radius_m: float = Field(
        default=50.0, gt=0, le=1000, description="Stated radius of a campus known only as a point, metres."
    )
    boundary_error_m: float = Field(
        default=5.0, ge=0, description="Position error assumed for campus boundaries, metres."
    )
    position_error_m: float = Field(
        default=10.0, ge=0, description="Position error assumed for a premises that states none, metres."
    )
    k_anonymity: int = Field(default=3, ge=3, le=100, description="Smallest number of incidents that a cell may show.")
    dismissal: str = Field(
        default="16:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="Dismissal assumed, and marked as assumed, for a school without a timetable.",
    )
    after_school_before_min: int = Field(
        default=30,
        ge=0,
        le=240,
        description="The after-school window begins so many minutes before dismissal.",
    )
    after_school_after_min: int = Field(
        default=60, ge=0, le=480, description="The after-school window ends so many minutes after dismissal."
    )
    sign_ins_per_minute: int = Field(
        default=60, ge=1, description="Sign-ins that one address may try in a minute, right or wrong."
    )
    uploads_per_minute: int = Field(default=120, ge=1, description="Photos that a person may send in a minute.")
    request_max_mb: float = Field(
        default=8.0,
        gt=0,
        le=100,
        description="Largest request that is read, apart from photos, megabytes (of a million bytes).",
    )
    photo_max_mb: float = Field(
        default=15.0, gt=0, le=200, description="Largest photo that is taken, megabytes (of a million bytes)."
    )
    photo_max_megapixels: float = Field(
        default=50.0,
        gt=0,
        le=200,
        description="Most pixels of a photo, millions; looked at in its header before it is decoded.",
    )
    photo_side_px: int = Field(
        default=2560, ge=640, le=10_000, description="A photo is shrunk until its longer side has so many pixels."
    )
    attachment_max_mb: float = Field(
        default=20.0, gt=0, le=200, description="Largest file that is attached to a notice, megabytes."
    )
    exports_per_minute: int = Field(
        default=60,
        ge=1,
        description="Heat maps, hot spots, risk maps and exports that a person, or an address, may ask for in a minute.",
    )
    open311: bool = Field(
        default=False,
        description="Whether other systems may read and report cases at /open311/v2 (Open311 GeoReport v2).",
    )
    open311_per_minute: int = Field(
        default=120, ge=1, description="Requests to /open311/v2 that one address may make in a minute."
    )
    free_space_mb: int = Field(
        default=64,
        ge=0,
        description="Room on the disk of the data folder below which the server is not ready, megabytes.",
    )
    metrics_public: bool = Field(
        default=False,
        description="Whether the figures at /metrics are shown to everybody, and not only to administrators and this machine.",
    )
    oidc_issuer: str | None = Field(
        default=None, description="Address of the city's own sign-on (OpenID Connect issuer); empty: passwords alone."
    )
    oidc_client_id: str = Field(default="", description="Name of this system at the city's sign-on.")
    oidc_client_secret: SecretStr | None = Field(default=None, description="Its secret there, where it has one.")
    oidc_title: str = Field(default="", description="What the button for the city's sign-on is called.")
    oidc_name_claim: str = Field(
        default="preferred_username", description="Claim of the identity token that holds the name to sign in with."
    )
    oidc_newcomer_role: str = Field(
        default="",
        description="Role of people who come by the city's sign-on without an account; empty: they get none.",
    )
    public_url: str = Field(
        default="", description="Address by which people reach the system, for the links in messages; empty: no links."
    )
    smtp_host: str | None = Field(default=None, description="Mail server that messages go out by; empty: no e-mail.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection to it is made safe; none only within one machine or network.",
    )
    smtp_user: str = Field(default="", description="Name at the mail server; empty: without signing in.")
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server.")
    mail_from: str = Field(default="campus@localhost", description="Sender of the e-mails.")
    webhooks: tuple[Webhook, ...] = Field(
        default=(),
        description="Robots of group chats, as JSON: "
        '[{"name": "office", "kind": "dingtalk", "url": "…", "secret": "…", "departments": ["police"]}]; '
        "kinds are dingtalk, wecom and feishu, no departments means all.",
    )
    message_timeout_s: float = Field(
        default=10.0, gt=0, le=120, description="How long a mail server or a robot may take for one message, seconds."
    )
    message_attempts: int = Field(
        default=24, ge=1, le=100, description="Attempts after which a message counts as not to be delivered."
    )
    messages_kept_days: int = Field(
        default=90,
        ge=1,
        description="How long messages that were read, and the record of what was sent, are kept, days.",
    )
    due_soon_min: int = Field(
        default=120,
        ge=0,
        le=10_000,
        description="People are told so many minutes before a step of a case is due, in its last quarter at the earliest.",
    )
    worker_in_server: bool = Field(
        default=True, description="Whether campus serve sends messages too; false where campus work runs beside it."
    )
    tiles_url: str | None = Field(
        default=None,
        description="Addresses of a tile server, with {z}/{x}/{y} and, where it wants them, {s} and {key}; several, from"
        " the base up, with spaces between; empty: our own vector tiles of the imported streets.",
    )
    tiles_key: SecretStr | None = Field(
        default=None,
        description="What stands for {key} there. It goes to every browser: take one that is bound to your address.",
    )
    tiles_subdomains: str = Field(default="abc", description="What may stand for {s} there, one character each.")
    tiles_attribution: str = Field(
        default="", description="Attribution and approval number (审图号) of those tiles; needed with them."
    )
    track_days: int = Field(default=30, ge=1, le=366, description="Days for which an inspector's track is kept.")

    @model_validator(mode="after")
    def _tiles_are_whole(self) -> Settings:
        if not self.tiles_url:
            return self
        if not self.tiles_attribution.strip():
            raise ValueError(
                "CAMPUS_TILES_URL needs CAMPUS_TILES_ATTRIBUTION: whose map it is, and its approval number (审图号)"
            )
        if "{key}" in self.tiles_url and self.tiles_key is None:
            raise ValueError("CAMPUS_TILES_URL names {key}: set CAMPUS_TILES_KEY")
        for address in self.tiles_url.split():
            if not address.startswith(("https://", "http://", "/")) or not all(
                part in address for part in ("{z}", "{x}", "{y}")
            ):
                raise ValueError(
                    f"CAMPUS_TILES_URL: {address.split('?')[0]!r} is no address with {{z}}, {{x}} and {{y}}"
                )
        return self

    @property
    def tile_addresses(self) -> list[str]:
        """Return the addresses of tile layers as a browser calls them, from the base up."""
        key = "" if self.tiles_key is None else self.tiles_key.get_secret_value()
        return [address.replace("{key}", quote(key, safe="")) for address in (self.tiles_url or "").split()]

    @property
    def resolved_database_url(self) -> str:
        """Return the database's URL, the embedded one where none is set."""
        return self.database_url or f"sqlite:///{self.data / 'campus.sqlite'}"
