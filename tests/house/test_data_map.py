"""Every column says what it tells of a person, why, by which law, how long, for whom (PI-01, PI-02)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from rongjun.access.data_map import NONE, SENSITIVE, DataMap, load_data_map, must_be_sensitive
from rongjun.config.generated import data_map_page
from rongjun.registry.roster import COLUMNS
from rongjun.rules.api import PolicyError
from tests.house.tree import ROOT

FILE = ROOT / "contracts" / "data-map.yaml"
WRITTEN = FILE.read_text("utf-8")
# What an office signs with tells of no person.
KEYS_OF_OFFICES = {("partners_partner", "key_sealed")}


@pytest.fixture(scope="module")
def data_map() -> DataMap:
    return load_data_map(FILE)


def columns_of_models() -> dict[str, set[str]]:
    return {
        model._meta.db_table: {field.column for field in model._meta.local_concrete_fields if field.column}
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and model._meta.managed
    }


def columns_of_database() -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname::text, a.attname::text from pg_class c"
            " join pg_attribute a on a.attrelid = c.oid"
            " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
            " and not c.relispartition and a.attnum > 0 and not a.attisdropped"
        )
        found: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    return found


def spoilt(tmp_path: Path, old: str, new: str) -> str:
    """What the loader says of the map with one thing changed."""
    assert old in WRITTEN
    file = tmp_path / "data-map.yaml"
    file.write_text(WRITTEN.replace(old, new, 1), "utf-8")
    with pytest.raises(PolicyError) as refused:
        load_data_map(file)
    return str(refused.value)


# --- complete -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_column_of_the_database_has_an_entry_and_every_entry_a_column(data_map: DataMap) -> None:
    assert [str(each) for each in data_map.differences(columns_of_database())] == []


def test_every_field_of_every_model_has_an_entry(data_map: DataMap) -> None:
    columns = columns_of_models()
    assert len(columns) > 30
    assert [str(each) for each in data_map.differences(columns) if "没有写进清单" in each.what] == []


def test_a_new_field_and_a_field_that_is_gone_are_named_with_what_to_do(data_map: DataMap) -> None:
    columns = columns_of_models()
    columns = {table: set(names) for table, names in columns.items()}
    columns["registry_contact"].add("wechat")
    columns["registry_person"].remove("name")
    told = "\n".join(str(each) for each in data_map.differences(columns))
    assert "registry_contact.wechat 没有写进清单" in told
    line = WRITTEN[: WRITTEN.index("opened_by]}\n  registry_particulars")].count("\n") + 1
    assert f"data-map.yaml 第 {line} 行：数据库里没有 registry_person.name。" in told


def test_whatever_tells_of_a_person_says_why_by_which_law_how_long_and_for_whom(data_map: DataMap) -> None:
    for entry in data_map.entries.values():
        assert entry.purpose
        if entry.kind != NONE:
            assert re.search(r"《.+》.*第.+条", entry.basis), entry
            assert entry.retention, entry
            assert entry.retention.after, entry
            assert entry.recipients, entry


# --- sensitive ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("registry_identitydocument", "number_sealed"),
        ("registry_contact", "number_mask"),
        ("registry_status", "category"),
        ("registry_disabilityrating", "grade"),
        ("registry_relation", "deceased_kind"),
        ("access_account", "password"),
    ],
)
def test_identity_health_and_account_data_are_sensitive_and_cannot_be_tagged_otherwise(
    data_map: DataMap, tmp_path: Path, table: str, column: str
) -> None:
    assert data_map.entries[table, column].kind == SENSITIVE
    head, _, rest = WRITTEN.partition(f"  {table}:\n")
    block, end, after = rest.partition("}\n")
    file = tmp_path / "data-map.yaml"
    block = re.sub(r" general: \[[^]]*\],", "", block).replace("sensitive: [", "general: [")
    file.write_text(f"{head}  {table}:\n{block}{end}{after}", "utf-8")
    with pytest.raises(PolicyError) as refused:
        load_data_map(file)
    assert f"{table}.{column} 属于{must_be_sensitive(table, column)}，不能算一般" in str(refused.value)


def test_every_sealed_column_there_is_counts_as_sensitive(data_map: DataMap) -> None:
    sealed = {place for place in data_map.entries if place[1].endswith(("_sealed", "_mask"))}
    assert sealed > KEYS_OF_OFFICES
    sealed -= KEYS_OF_OFFICES
    assert {data_map.entries[place].kind for place in sealed} == {SENSITIVE}


# --- strict -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("purpose: contact", "purpose: contakt", "“purpose”不能是“contakt”。请改成 contact。"),
        ("basis: allowance,", "basis: habit,", "“basis”不能是“habit”"),
        ("retention: sweep,", "", "缺少“retention”。请补上"),
        ("recipients: [station, audit]", "recipients: [press]", "没有“press”这个接收方"),
        ("{days: 1, after", "{days: 0, after", "保存期限至少 1 天"),
        ("{days: 400, after: 只留合计}", "{after: 只留合计}", "要么写 days，要么写 as_long_as"),
        ("sensitive: [category]", "sensitive: [category, source]", ""),
        ("none: [kind], sensitive", "none: [kind, number_mask], sensitive", "写了两个类别"),
        ("like: [about], none: [purpose", "like: [abuot], none: [purpose", "没有的组“abuot”"),
        ("第十七条、第四十四条至第五十条", "", "没有写明法律和条款"),
        ("姓名: registry_particulars.name", "姓名: registry_particulars.nmae", "存到没有的地方"),
        ("title: 人员档案", "titel: 人员档案", "没有“titel”这个键"),
    ],
)
def test_a_wrong_word_is_named_with_its_line_and_what_to_do(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    if not said:  # a table may say of a common column what the group says otherwise
        file = tmp_path / "data-map.yaml"
        file.write_text(WRITTEN.replace(old, new, 1), "utf-8")
        assert load_data_map(file).entries["registry_status", "source"].kind == SENSITIVE
        return
    told = spoilt(tmp_path, old, new)
    assert said in told
    assert re.match(r"data-map\.yaml 第 \d+ 行：", told)


# --- forms and the page -------------------------------------------------------------------------------------


def test_a_roster_asks_nothing_that_the_map_does_not_know(data_map: DataMap) -> None:
    assert set(data_map.forms["花名册"]) == {column.heading for column in COLUMNS}


def test_the_page_shows_every_column_once() -> None:
    page = data_map_page()
    for table, names in columns_of_models().items():
        assert f"（`{table}`）" in page
        assert all(f"`{name}`" in page for name in names)
