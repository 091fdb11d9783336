"""Which stages a school teaches, from its tags and else from the words of its name."""

from __future__ import annotations

import re

from gis.gazetteer import fold
from gis.readers.osm.naming import Tags, values_of

ORDER = (
    "kindergarten", "primary", "junior_middle", "senior_middle", "vocational", "special", "specialised", "college",
    "unknown",
)  # fmt: skip
_MIDDLE = ("junior_middle", "senior_middle")

# ISCED 2011 levels; 4 (post-secondary, not tertiary) is vocational in nearly every country.
_ISCED = {0: "kindergarten", 1: "primary", 2: "junior_middle", 3: "senior_middle", 4: "vocational", 5: "college"}

# (pattern on the folded name, stages). A word found is taken out of the name, so the longer word comes first:
# 初级中学 before 中学, "junior high school" before "high school".
_WORDS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), stages)
    for pattern, stages in (
        # Chinese
        (r"十二年一?[贯貫]?制?", ("primary", *_MIDDLE)),
        (r"九年(一[贯貫])?制?", ("primary", "junior_middle")),
        (r"幼儿园|幼兒園|幼稚园|幼稚園|托幼|学前班", ("kindergarten",)),
        (r"特殊教育|聋哑|聋校|盲校|盲人|盲童|启智|培智|启聪|特教", ("special",)),
        (r"专门学校|專門學校|工读", ("specialised",)),
        (r"中等职业|中等专业|职业(高级)?(中学|中专|学校|教育)|职业技术|职教|职高|职中|中专|技工|技校|技师|卫校|中技", ("vocational",)),
        (r"完全中学|完中", _MIDDLE),
        (r"中小学", ("primary", "junior_middle")),
        (r"初级中学|初中|国中|國中|國民中學", ("junior_middle",)),
        (r"高级中学|高級中學|高中|高等学校|高等學校", ("senior_middle",)),
        (r"中学校|中學校", ("junior_middle",)),  # Japanese
        (r"小学|小學|附小|完小|中心校", ("primary",)),
        (r"中学|中學|附中", _MIDDLE),
        # Korean
        (r"유치원", ("kindergarten",)), (r"초등학교", ("primary",)), (r"중학교", ("junior_middle",)), (r"고등학교", ("senior_middle",)),
        # German
        (r"kindergart\w*|\bkita\b|kindertages\w*|krippe", ("kindergarten",)),
        (r"sonderschul\w*|forderschul\w*|forderzentrum|sonderpadagog\w*|\bsbbz\b|gehorlosen\w*|blindenschul\w*", ("special",)),
        (r"\w*berufs\w*|beruflich\w*|handelsakademie|handelsschul\w*|hohere technische|fachschul\w*|\bht?bla\b|\bh(tl|ak|lw|lt)\b",
         ("vocational",)),
        (r"\w*(grundschul|volksschul|primarschul)\w*|\bgrund\b|\bvolks\b(?=.*schul)", ("primary",)),
        (r"\w*(hauptschul|realschul|werkrealschul|mittelschul|sekundarschul|regelschul)\w*|\b[nm]ms\b", ("junior_middle",)),
        (r"\bb?org\b|oberstufen\w*|obergymnasium", ("senior_middle",)),
        (r"\w*gymnasi(um|en)\b|\b(bg|brg|rg)\b|gesamtschul\w*|gemeinschaftsschul\w*", _MIDDLE),
        # French, Italian, Spanish, Portuguese
        (r"maternelle|scuola (materna|dell'infanzia)|\bpreescolar\b|jardin de infan\w*|jardim de infan\w*|\bcreche\b",
         ("kindergarten",)),
        (r"lycee (technique|professionnel|hotelier)( et hotelier)?|istituto (tecnico|professionale)|formacion profesional",
         ("vocational",)),
        (r"(ecole|groupe scolaire)[^,]*?(elementaire|primaire)|scuola (elementare|primaria)|(escuela|escola) primaria",
         ("primary",)),
        (r"^college\b|scuola (media|secondaria di (primo|i) grado)", ("junior_middle",)),
        (r"\blycee\b|\bliceo\b|scuola superiore|bachillerato", ("senior_middle",)),
        (r"(escuela|escola) secundaria", _MIDDLE),
        # Finnish, Swedish
        (r"paivakot\w*|forskola", ("kindergarten",)),
        (r"ala-?aste\w*|alakoulu\w*|lagstadie\w*", ("primary",)),
        (r"ylaaste\w*|yla-aste\w*|ylakoulu\w*|hogstadie\w*", ("junior_middle",)),
        (r"peruskoulu\w*|grundskol\w*", ("primary", "junior_middle")),
        (r"\w*lukio\w*", ("senior_middle",)),
        (r"ammatti(koulu|opisto)\w*", ("vocational",)),
        # English
        (r"\b(pre-?school|nursery|pre-?k|day ?care)\b", ("kindergarten",)),
        (r"\b(special (education|needs|school)|school for the (deaf|blind))\b", ("special",)),
        (r"\b(vocational|technical|trade|career) (and technical )?(high |secondary )?(school|college|education|center|centre)?\b",
         ("vocational",)),
        (r"\b(middle school|junior (high|middle|secondary)|intermediate school)\b", ("junior_middle",)),
        (r"\b(primary|elementary|grade school|infants?'?|junior school)\b", ("primary",)),
        (r"\b(secondary|grammar school|comprehensive)\b", _MIDDLE),
        (r"\b(high school|senior (high|middle|secondary)|sixth form)\b", ("senior_middle",)),
    )
)  # fmt: skip


def stages_in_name(name: str) -> list[str]:
    """Return the stages that the words of a name speak of; empty where none does.

    Examples
    --------
    >>> stages_in_name("诸暨市暨阳初级中学"), stages_in_name("北京师范大学附属小学")
    (['junior_middle'], ['primary'])
    >>> stages_in_name("Grund- und Hauptschule"), stages_in_name("Springfield Elementary School")
    (['primary', 'junior_middle'], ['primary'])
    >>> stages_in_name("阳光学校")
    []
    """
    text = fold(name)
    for mark in ("附属", "附屬"):  # what a school is attached to is not what it is
        text = text.rpartition(mark)[2]
    found: set[str] = set()
    for pattern, stages in _WORDS:
        text, times = pattern.subn(" ", text)
        if times:
            found.update(stages)
    return _sorted(found)


def stages_of(tags: Tags, name: str) -> list[str]:
    """Return the stages of a school, in the order of age; ``["unknown"]`` where nothing tells.

    What the tags say (``isced:level``, ``school``, ``school:*``, ``grades``, ages) counts before the name.

    Examples
    --------
    >>> stages_of({"amenity": "school", "isced:level": "1;2"}, "阳光学校")
    ['primary', 'junior_middle']
    >>> stages_of({"amenity": "kindergarten"}, ""), stages_of({"amenity": "school"}, "阳光学校")
    (['kindergarten'], ['unknown'])
    """
    kinds = values_of(tags.get("amenity", ""))
    found: set[str] = {kind for kind in ("kindergarten", "college") if kind in kinds}
    if found and "school" not in kinds:
        return _sorted(found)
    said = _said_by_tags(tags)
    named = set(stages_in_name(name)) | set(stages_in_name(tags.get("name:en", "")))
    if said:  # that a school is special or vocational is told by its name even where its levels are tagged
        named &= {"special", "specialised", "vocational"}
    return _sorted(found | said | named) or ["unknown"]


def _said_by_tags(tags: Tags) -> set[str]:
    found = {_ISCED[min(level, 5)] for level in _numbers(tags.get("isced:level", ""), 0, 8)}
    if not found:
        found = {_of_grade(grade) for grade in _numbers(tags.get("grades", ""), 0, 13)}
    if not found:
        for key, value in tags.items():
            if key == "school" or key.startswith("school:"):
                # "school=primary" says "primary", which means a school only beside that word
                found.update(stages_in_name(f"{value.replace('_', ' ')} school"))
    return found or _of_ages(tags.get("min_age", ""), tags.get("max_age", ""))


def _numbers(text: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for part in re.split(r"[;,]", text.strip().upper().replace("K", "0")):
        if ends := re.fullmatch(r"\s*(\d{1,2})\s*(?:[-–]\s*(\d{1,2}))?\s*", part):
            first = int(ends[1])
            found.update(range(first, int(ends[2] or first) + 1))
    return {number for number in found if least <= number <= most}


def _of_grade(grade: int) -> str:
    if grade == 0:
        return "kindergarten"
    return "primary" if grade <= 6 else "junior_middle" if grade <= 9 else "senior_middle"


def _of_ages(youngest: str, oldest: str) -> set[str]:
    if not (re.fullmatch(r"\d{1,2}", youngest) and re.fullmatch(r"\d{1,2}", oldest)):
        return set()  # one end alone leaves the other open
    low, high = int(youngest), int(oldest)
    # ages that a stage has in every country, so that its first and last year, which differ, do not count
    typical = {"kindergarten": (3, 4), "primary": (7, 9), "junior_middle": (13, 14), "senior_middle": (16, 17)}
    return {stage for stage, (first, last) in typical.items() if low <= last and high >= first}


def _sorted(stages: set[str]) -> list[str]:
    return [stage for stage in ORDER if stage in stages]
