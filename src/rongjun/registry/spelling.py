"""How a name is found: by its characters, its pinyin, its initials; from any syllable on. Pure.

A name becomes terms, each a sign for its kind and then the text; what is typed becomes ranges of terms.
A range is "begins with", so two characters or half a syllable suffice, and a plain index answers it in order:
the exact name stands before longer ones, whole beginnings (kinds a, c, d) before later parts (b, e, f).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, product

from pypinyin import Style, pinyin

from rongjun.registry.logic import HAN, sought_name, tidy_name

# Kinds of terms, in the order in which they are found.
NAME, NAME_LATER, SOUND, INITIALS, SOUND_LATER, INITIALS_LATER = "abcdef"
LONGEST_TERM = 64
_MOST_READINGS = 8
_LAST_SIGN = "\U0010ffff"
_TOKENS = re.compile(f"[{HAN}]|[a-zà-öø-ÿ]+|[0-9]+")
_IS_HAN = re.compile(f"[{HAN}]")
# Characters that as a surname are read otherwise than as a word; a clerk may type either.
SURNAME_READINGS = {
    "单": "shan dan chan", "曾": "zeng ceng", "解": "xie jie", "仇": "qiu chou", "区": "ou qu",
    "查": "zha cha", "朴": "piao pu", "缪": "miao mou", "盖": "ge gai", "翟": "zhai di", "尉": "wei yu",
    "召": "shao zhao", "员": "yun yuan", "乐": "yue le", "折": "she zhe", "秘": "bi mi", "种": "chong zhong",
    "繁": "po fan", "黑": "he hei", "覃": "qin tan", "宓": "mi fu", "柏": "bai bo", "薄": "bo bao",
    "都": "du dou", "谌": "chen shen", "郗": "xi chi", "贾": "jia gu", "隗": "wei kui", "祭": "zhai ji",
    "沈": "shen chen", "洗": "xian xi", "冼": "xian", "令": "ling", "适": "kuo shi", "重": "chong zhong",
    "长": "zhang chang", "万": "wan mo", "俟": "qi si", "撒": "sa", "车": "che ju", "能": "nai neng",
    "晟": "cheng sheng", "尹": "yin", "葛": "ge", "任": "ren", "华": "hua", "纪": "ji", "应": "ying",
    "佘": "she", "逄": "pang", "乜": "nie mie", "眭": "sui", "亓": "qi", "郇": "xun huan", "郄": "qie xi",
    "么": "yao me", "干": "gan", "哈": "ha", "過": "guo", "过": "guo", "牟": "mu mou", "阚": "kan",
    "於": "yu", "载": "zai", "行": "xing hang", "朝": "chao zhao", "降": "xiang jiang", "率": "shuai lv",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def terms(name: str) -> tuple[str, ...]:
    """Everything by which this name is found, each once."""
    shown = tidy_name(name).lower()
    tokens = [(found.start(), found[0]) for found in _TOKENS.finditer(shown)]
    found = [NAME + sought_name(shown)]
    found += [NAME_LATER + sought_name(shown[at:]) for at, _ in tokens if at > 0]
    if any(_IS_HAN.match(token) for _, token in tokens):
        for spoken in _readings([token for _, token in tokens]):
            found += _spoken_terms(spoken)
    return tuple(dict.fromkeys(term[:LONGEST_TERM] for term in found))


def ranges(typed: str) -> list[tuple[str, str]]:
    """The ranges of terms, lower bound in and upper bound out, that answer what was typed, best first."""
    sought = sought_name(typed)[: LONGEST_TERM - 1]
    if not sought:
        return []
    if not re.fullmatch(r"[a-zü][a-zü'’]*\d*", sought):
        return _ranges([(NAME, sought), (NAME_LATER, sought)])
    sound = spelt(sought)
    kinds = [(NAME, sought), (SOUND, sound), (INITIALS, sound)]
    return _ranges([*kinds, (NAME_LATER, sought), (SOUND_LATER, sound), (INITIALS_LATER, sound)])


def whole_names() -> tuple[str, str]:
    """The range in which every name stands once, in order."""
    return NAME, NAME_LATER


def spelt(typed: str) -> str:
    """Pinyin as it is kept: ü typed as ü, v or yu (as passports have it); no apostrophes."""
    plain = re.sub("['’]", "", typed).replace("ü", "v")
    return re.sub(r"([ln])yu", r"\1v", plain)


def _ranges(wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(kind + text, kind + text + _LAST_SIGN) for kind, text in wanted]


def _spoken_terms(spoken: Sequence[str]) -> Iterable[str]:
    """The terms of one way to say a name, from each of its syllables on."""
    for at in range(len(spoken)):
        if spoken[at].isdecimal():
            continue
        yield (SOUND_LATER if at else SOUND) + "".join(spoken[at:])
        if at + 1 < len(spoken):
            first = "".join(part if part.isdecimal() else part[0] for part in spoken[at:])
            yield (INITIALS_LATER if at else INITIALS) + first


def _readings(tokens: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Every way to say a name, the usual first; ü also as u, because that is how many type it."""
    return islice(product(*map(_sounds, tokens)), _MOST_READINGS)


@lru_cache(maxsize=20_000)
def _sounds(token: str) -> tuple[str, ...]:
    if not _IS_HAN.match(token):
        return (token,)
    known = SURNAME_READINGS.get(token)
    heard = known.split() if known else [pinyin(token, style=Style.NORMAL, errors="ignore")]
    sounds = [sound if isinstance(sound, str) else _first(sound) for sound in heard]
    sounds = [sound.replace("ü", "v") for sound in sounds if sound]
    return tuple(dict.fromkeys([*sounds, *(sound.replace("v", "u") for sound in sounds)])) or (token,)


def _first(found: Sequence[Sequence[str]]) -> str:
    return found[0][0] if found and found[0] else ""
