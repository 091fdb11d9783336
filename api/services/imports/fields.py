"""What the collections' files hold: each field, the headers it goes by, and how it is read.

A header matches in Chinese or English, whatever its case, spaces or brackets; ``--map field=column`` names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from api.vocabulary import Term, vocabulary

Kind = Literal["text", "code", "codes", "date", "moment", "clock", "number", "whole", "yes_no", "weekday", "intervals"]
Shape = Literal["point", "line", "polygon", "campus", "none"]


@dataclass(frozen=True)
class Field:
    """One field of a collection.

    ``terms`` is the vocabulary of a code; ``within`` names the field whose value chooses the vocabulary of a
    subtype; ``longest`` is the greatest number of characters.
    """

    name: str
    headers: tuple[str, ...]
    kind: Kind = "text"
    terms: Mapping[str, Term] | None = None
    within: str | None = None
    required: bool = False
    default: object = None
    longest: int = 200
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Collection:
    """What one kind of file holds; ``natural_key`` names a record where the file gives it no identifier."""

    name: str
    shape: Shape
    fields: tuple[Field, ...]
    natural_key: tuple[str, ...]


_ID = Field(
    "id", ("id", "编号", "编码", "序号", "标识", "external_id", "osm_id", "objectid", "fid", "uuid"), longest=150
)
_NAME = Field("name", ("name", "名称", "姓名", "title", "标题", "名字"), default="")
_TOWNSHIP = Field("district", ("district", "乡镇", "街道", "镇街", "所属乡镇", "township"), longest=100)
_ADDRESS = Field("address", ("address", "地址", "详细地址", "位置", "addr"), default="", longest=300)
_ERROR = Field(
    "position_error_m",
    ("position_error_m", "accuracy", "accuracy_m", "定位精度", "定位误差", "误差"),
    kind="number",
    least=0,
    most=100_000,
)

COORDINATES: dict[str, list[str]] = {
    "longitude": ["longitude", "lon", "lng", "long", "x", "经度", "东经", "point_x", "经度坐标", "坐标x", "x坐标"],
    "latitude": ["latitude", "lat", "y", "纬度", "北纬", "point_y", "纬度坐标", "坐标y", "y坐标"],
    "location": ["location", "coordinates", "坐标", "经纬度", "位置坐标", "lnglat", "wkt", "geom", "geometry", "point"],
}


def collections() -> dict[str, Collection]:
    """Return all collections that can be imported, by name."""
    words = vocabulary()
    entries = (
        Collection(
            "districts",
            "polygon",
            (
                Field(
                    "code", ("code", "代码", "编码", "区划代码", "adcode", "行政区划代码"), required=True, longest=12
                ),
                Field("name", ("name", "名称", "乡镇", "街道", "镇街"), required=True, longest=100),
                Field("name_en", ("name_en", "英文名", "english"), default="", longest=100),
                Field("kind", ("kind", "type", "类型"), default="town", longest=16),
            ),
            ("code",),
        ),
        Collection(
            "stall_areas",
            "polygon",
            (
                replace(_ID, required=True),
                replace(_TOWNSHIP, required=True),
                Field("valid_from", ("valid_from", "生效日期", "起始日期", "划定日期", "from"), kind="date"),
                Field("valid_to", ("valid_to", "失效日期", "截止日期", "终止日期", "to"), kind="date"),
            ),
            ("district",),
        ),
        Collection(
            "schools",
            "campus",
            (
                _ID,
                Field("name", ("name", "学校名称", "学校", "名称", "校名", "school", "school_name"), required=True),
                Field("name_en", ("name_en", "英文名", "英文名称", "english_name", "name:en"), default=""),
                Field("campus", ("campus", "校区", "校区名称", "campus_name"), default=""),
                Field(
                    "stages",
                    ("stages", "stage", "学段", "办学类型", "学校类型", "类型", "类别", "type", "level"),
                    kind="codes",
                    terms=words.stages,
                    default=["unknown"],
                ),
                _TOWNSHIP,
                _ADDRESS,
                Field("opened_on", ("opened_on", "建校日期", "成立日期", "建校时间", "opened"), kind="date"),
                Field(
                    "radius_m",
                    ("radius_m", "半径", "半径米", "radius", "校园半径"),
                    kind="number",
                    least=1,
                    most=2_000,
                ),
                Field(
                    "intervals_days",
                    ("intervals_days", "intervals", "巡查间隔", "巡查间隔天", "检查间隔", "间隔"),
                    kind="intervals",
                    terms=words.hazard_categories,
                ),
            ),
            ("name",),
        ),
        Collection(
            "gates",
            "point",
            (
                _ID,
                Field("school", ("school", "学校", "学校名称", "school_id", "school_name", "所属学校")),
                Field("name", ("name", "名称", "校门", "门名", "gate"), default=""),
                Field("kind", ("kind", "type", "类型"), kind="code", terms=words.gate_kinds, default="gate"),
            ),
            ("school", "name"),
        ),
        Collection(
            "timetables",
            "none",
            (
                Field("school", ("school", "学校", "学校名称", "school_id", "school_name"), required=True),
                Field("weekday", ("weekday", "星期", "周几", "day"), kind="weekday", required=True),
                Field("grades", ("grades", "grade", "年级"), default="", longest=64),
                Field("dismissal", ("dismissal", "放学时间", "放学", "time"), kind="clock", required=True),
            ),
            ("school", "weekday", "grades"),
        ),
        Collection(
            "hazards",
            "point",
            (
                _ID,
                Field(
                    "category",
                    ("category", "类别", "隐患类别", "问题类型", "问题类别", "大类", "类型", "type"),
                    kind="code",
                    terms=words.hazard_categories,
                    required=True,
                ),
                Field(
                    "subtype",
                    ("subtype", "小类", "子类", "子类别", "隐患小类"),
                    kind="code",
                    within="category",
                    default="",
                ),
                Field(
                    "severity",
                    ("severity", "严重程度", "等级", "隐患等级", "级别", "priority"),
                    kind="code",
                    terms=words.severities,
                    default="2",
                ),
                Field(
                    "status",
                    ("status", "状态", "处理状态", "state"),
                    kind="code",
                    terms=words.hazard_statuses,
                    default="open",
                ),
                Field("name", ("name", "名称", "标题", "title", "隐患名称"), default=""),
                Field(
                    "note",
                    ("note", "备注", "描述", "说明", "问题描述", "description", "remark"),
                    default="",
                    longest=10_000,
                ),
                _ADDRESS,
                Field(
                    "observed_at",
                    ("observed_at", "发现时间", "巡查时间", "上报时间", "时间", "日期", "date", "time", "datetime"),
                    kind="moment",
                ),
                _ERROR,
            ),
            ("category", "subtype", "name", "observed_at"),
        ),
        Collection(
            "premises",
            "point",
            (
                _ID,
                Field(
                    "name", ("name", "名称", "字号", "商户名称", "企业名称", "店名", "场所名称", "经营者"), default=""
                ),
                Field(
                    "categories",
                    ("categories", "category", "类别", "经营类别", "场所类型", "类型", "type", "行业"),
                    kind="codes",
                    terms=words.premises_categories,
                    required=True,
                ),
                _ADDRESS,
                Field(
                    "licence", ("licence", "license", "许可证号", "证号", "许可证", "营业执照"), default="", longest=100
                ),
                Field(
                    "licensed_from",
                    ("licensed_from", "发证日期", "许可日期", "起始日期", "成立日期", "有效期起"),
                    kind="date",
                ),
                Field(
                    "licence_expires",
                    ("licence_expires", "license_expires", "有效期至", "有效期止", "到期日期", "截止日期"),
                    kind="date",
                ),
                Field("closed_on", ("closed_on", "歇业日期", "注销日期"), kind="date"),
                Field("opening_hours", ("opening_hours", "营业时间"), default=""),
                _ERROR,
            ),
            ("name", "address", "licence"),
        ),
        Collection(
            "facilities",
            "point",
            (
                _ID,
                Field("name", ("name", "名称", "辅导室名称", "站点名称"), required=True),
                Field("kind", ("kind", "type", "类型"), kind="code", terms=words.facility_kinds, default="room"),
                Field(
                    "levels",
                    ("levels", "level", "等级", "级别", "达标情况"),
                    kind="codes",
                    terms=words.facility_levels,
                    default=[],
                ),
                Field("school", ("school", "学校", "学校名称", "school_id", "school_name", "所属学校")),
                _ADDRESS,
                Field("opened_on", ("opened_on", "启用日期", "成立日期", "建成日期"), kind="date"),
                Field("closed_on", ("closed_on", "停用日期"), kind="date"),
            ),
            ("name",),
        ),
        Collection(
            "facility_uses",
            "none",
            (
                Field("facility", ("facility", "名称", "辅导室", "辅导室名称", "站点名称", "编号"), required=True),
                Field("month", ("month", "月份", "年月"), required=True, longest=10),
                Field(
                    "visits",
                    ("visits", "人次", "使用人次", "接待人次", "使用次数"),
                    kind="whole",
                    required=True,
                    least=0,
                    most=100_000,
                ),
            ),
            ("facility", "month"),
        ),
        Collection(
            "pupils",
            "none",
            (
                Field("school", ("school", "学校", "学校名称", "school_id", "school_name"), required=True),
                Field(
                    "pupils",
                    ("pupils", "students", "学生数", "在校生数", "学生人数"),
                    kind="whole",
                    required=True,
                    least=0,
                    most=50_000,
                ),
            ),
            ("school",),
        ),
        Collection(
            "incidents",
            "point",
            (
                _ID,
                Field(
                    "kind",
                    ("kind", "type", "类型", "案件类型", "警情类别", "类别", "category", "案由"),
                    kind="code",
                    terms=words.incident_types,
                    required=True,
                ),
                Field(
                    "occurred_from",
                    (
                        "occurred_from",
                        "occurred_at",
                        "发生时间",
                        "发案时间",
                        "案发时间",
                        "时间",
                        "date",
                        "datetime",
                        "time",
                        "date_single",
                        "发案时间上限",
                        "开始时间",
                    ),
                    kind="moment",
                    required=True,
                ),
                Field("occurred_to", ("occurred_to", "发案时间下限", "结束时间", "发生时间止"), kind="moment"),
                Field("serious", ("serious", "严重", "重大"), kind="yes_no"),
            ),
            ("kind", "occurred_from"),
        ),
        Collection(
            "cells",
            "polygon",
            (
                Field(
                    "code",
                    ("code", "网格编码", "网格代码", "单元网格编码", "编码", "代码", "bgcode", "id"),
                    required=True,
                    longest=15,
                ),
                Field("responsible", ("responsible", "责任单位", "责任人单位", "管理部门"), default=""),
                Field("starts_on", ("starts_on", "start", "初始时间", "启用日期", "startdate", "ordate"), kind="date"),
                Field("ends_on", ("ends_on", "end", "终止时间", "停用日期", "enddate", "chdate"), kind="date"),
            ),
            ("code",),
        ),
        Collection(
            "streets",
            "line",
            (
                _ID,
                Field("name", ("name", "名称", "路名", "道路名称", "street", "streetname"), default=""),
                Field(
                    "highway", ("highway", "class", "等级", "道路等级", "fclass"), default="unclassified", longest=32
                ),
                Field("oneway", ("oneway", "单行"), kind="whole", default=0, least=-1, most=1),
                Field("maxspeed_kmh", ("maxspeed_kmh", "maxspeed", "限速"), kind="number", least=0, most=200),
            ),
            ("name",),
        ),
        Collection(
            "buildings",
            "polygon",
            (
                _ID,
                _NAME,
                Field(
                    "levels", ("levels", "building:levels", "floors", "层数", "楼层"), kind="number", least=0, most=300
                ),
            ),
            ("name",),
        ),
        Collection(
            "places",
            "point",
            (
                _ID,
                Field("name", ("name", "名称", "地名"), required=True),
                Field("alt_names", ("alt_names", "别名", "alias"), default=""),
                Field("kind", ("kind", "type", "类型", "class", "fclass"), default="", longest=32),
                _ADDRESS,
            ),
            ("name", "kind"),
        ),
    )
    return {entry.name: entry for entry in entries}
