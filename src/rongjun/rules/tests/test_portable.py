"""What a shared text may hold; a test for each thing that engines answer differently."""

import pytest

from rongjun.rules.portable import NotPortableError, as_duckdb, as_postgres, portable, relations_of

FORBIDDEN = {
    "SELECT a.x / 2 AS y FROM a": "除法",
    "SELECT a.x // 2 AS y FROM a": "整除",
    "SELECT a.x % 2 AS y FROM a": "取余",
    "SELECT a.x * 1.5 AS y FROM a": "小数",
    "SELECT a.x * 1e3 AS y FROM a": "小数",
    "SELECT ROUND(a.x) AS y FROM a": "四舍五入",
    "SELECT AVG(a.x) AS y FROM a": "AVG",
    "SELECT CAST(a.x AS INT) AS y FROM a": "CAST",
    "SELECT CAST(a.x AS DOUBLE) AS y FROM a": "CAST",
    "SELECT CAST(a.x AS DECIMAL(10, 2)) AS y FROM a": "CAST",
    "SELECT TRY_CAST(a.x AS BIGINT) AS y FROM a": "TryCast",
    "SELECT a.x::VARCHAR AS y FROM a": "CAST",
    "SELECT DATE_DIFF('year', a.x, a.y) AS z FROM a": "日期相减",
    "SELECT DATE_TRUNC('month', a.x) AS y FROM a": "月份要先算好",
    "SELECT EXTRACT(YEAR FROM a.x) AS y FROM a": "取日期的一部分",
    "SELECT a.x + INTERVAL 1 DAY AS y FROM a": "时间间隔",
    "SELECT CURRENT_DATE AS y FROM a": "读时钟",
    "SELECT CURRENT_TIMESTAMP AS y FROM a": "读时钟",
    "SELECT NOW() AS y FROM a": "不认识的函数",
    "SELECT RANDOM() AS y FROM a": "随机数",
    "SELECT a.x AS x FROM a WHERE a.x IN (1, NULL)": "NULL",
    "SELECT a.x AS x FROM a WHERE a.x NOT IN (1, NULL)": "NULL",
    "SELECT a.x AS x FROM a WHERE a.x IN (SELECT b.x FROM b)": "子查询",
    "SELECT a.x AS x FROM a WHERE EXISTS (SELECT b.x FROM b)": "EXISTS",
    "SELECT (SELECT MAX(b.x) FROM b) AS x FROM a": "当作一个值",
    "SELECT ROW_NUMBER() OVER (ORDER BY a.x) AS n FROM a": "窗口函数",
    "SELECT a.x AS x FROM a QUALIFY ROW_NUMBER() OVER (ORDER BY a.x) = 1": "QUALIFY",
    "SELECT a.x AS x FROM a ORDER BY a.x": "ORDER BY",
    "SELECT a.x AS x FROM a LIMIT 3": "LIMIT",
    "SELECT DISTINCT a.x AS x FROM a": "DISTINCT",
    "SELECT COUNT(DISTINCT a.x) AS n FROM a": "DISTINCT",
    "SELECT COUNT(*) FILTER (WHERE a.x = 1) AS n FROM a": "FILTER",
    "SELECT * FROM a": "列名要写全",
    "SELECT a.* FROM a": "列名要写全",
    "SELECT a.x AS x FROM a UNION SELECT b.x AS x FROM b": "UNION ALL",
    "SELECT a.x AS x FROM a JOIN b USING (x)": "USING",
    "SELECT a.x AS x FROM a NATURAL JOIN b": "NATURAL",
    "SELECT a.x AS x FROM a, b": "没有 ON",
    "SELECT a.x AS x FROM a FULL JOIN b ON a.x = b.x": "LEFT JOIN",
    "SELECT a.x AS x FROM a WHERE a.s LIKE 'x%'": "LIKE",
    "SELECT a.x AS x FROM a WHERE a.s ~ 'x'": "正则",
    "SELECT a.x AS x, COUNT(*) AS n FROM a GROUP BY 1": "GROUP BY 1",
    "SELECT a.x AS x, COUNT(*) AS n FROM a GROUP BY ROLLUP (a.x)": "Rollup",
    "SELECT SUM(x) AS x, MAX(x) AS m FROM a": "别名",
    "SELECT arg_min(a.x, a.y) AS x FROM a": "ArgMin",
    "SELECT my_own(a.x) AS x FROM a": "不认识的函数",
    "SELECT a.x IS TRUE AS x FROM a": "IS NULL",
    "WITH RECURSIVE c AS (SELECT a.x AS x FROM a) SELECT c.x AS x FROM c": "RECURSIVE",
    "SELECT a.x AS x FROM a; SELECT a.x AS x FROM a": "一句",
    "DELETE FROM a": "只能读",
    "DROP TABLE a": "只能读",
    "SELECT FROM WHERE": "读不懂",
}


@pytest.mark.parametrize("text", FORBIDDEN)
def test_what_engines_answer_differently_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(NotPortableError, match=FORBIDDEN[text]):
        portable(text)


ALLOWED = [
    "SELECT a.x AS x, CAST(SUM(a.n) AS BIGINT) AS n FROM a WHERE a.d <= 5 AND NOT a.y IS NULL GROUP BY a.x",
    "SELECT CASE WHEN a.x IN (1, 2) THEN COALESCE(a.y, 0) ELSE -1 END AS z FROM a LEFT JOIN b ON a.x = b.x",
    "SELECT a.x AS x FROM a UNION ALL SELECT b.x AS x FROM b",
    "SELECT COUNT(*) AS n FROM (SELECT a.x AS x FROM a) AS c",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_what_is_equal_everywhere_passes(text: str) -> None:
    assert as_duckdb(text)


def test_a_text_for_postgres_reads_its_relations_from_queries_of_ours() -> None:
    text = """WITH c AS (SELECT u.x AS x FROM uses AS u)
        SELECT c.x AS x, COUNT(*) AS n FROM c JOIN uses AS w ON w.x = c.x GROUP BY c.x"""
    assert relations_of(text) == {"uses"}
    made = as_postgres(text, {"uses": "SELECT t.x FROM benefits_use AS t WHERE t.month = 202601"})
    assert made.count("(SELECT * FROM (SELECT t.x") == 0
    assert made.count("benefits_use") == 2
    assert "AS u" in made
    assert "AS w" in made
    with pytest.raises(KeyError):
        as_postgres(text, {})
