"""One SQL text for several engines: what the text may hold, and how PostgreSQL and DuckDB read it.

Engines that accept one text do not give one answer: `/` on whole numbers, CAST to a whole number, rounding
of fractions, lengths of months, NULL in NOT IN, the order of NULLs and aliases inside aggregates all differ
(measured over DuckDB, Spark, Sail, ClickHouse and PostgreSQL). So a shared text is held to what was found
equal everywhere: names, whole numbers, comparisons, AND/OR/NOT, CASE, COALESCE, SUM/MIN/MAX/COUNT, joins,
GROUP BY, UNION ALL, WITH. Whatever is not on that list is refused, with its reason where one is known.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import sqlglot
from sqlglot import exp

DIALECT: Final = "duckdb"
_ALLOWED: Final[tuple[type[exp.Expr], ...]] = (
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.With, exp.CTE, exp.Union),
    *(exp.Subquery, exp.Table, exp.TableAlias, exp.Column, exp.Identifier, exp.Alias, exp.Paren),
    *(exp.Literal, exp.Boolean, exp.Null, exp.Neg),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.Between),
    *(exp.In, exp.Add, exp.Sub, exp.Mul, exp.Case, exp.If, exp.Coalesce),
    *(exp.Sum, exp.Min, exp.Max, exp.Count, exp.Star, exp.Cast, exp.DataType),
)
_REASONS: Final[Mapping[type[exp.Expr], str]] = {
    exp.Div: "除法：各引擎结果的类型和取舍不同",
    exp.IntDiv: "整除：负数的取整各引擎不同",
    exp.Mod: "取余：负数的符号各引擎不同",
    exp.Round: "四舍五入：金额是整数分，不该有小数",
    exp.DateDiff: "日期相减：各引擎对月、年的算法不同，日期要先算好",
    exp.DateAdd: "日期加减：各引擎返回的类型不同，日期要先算好",
    exp.DateSub: "日期加减：各引擎返回的类型不同，日期要先算好",
    exp.DateTrunc: "按月取整：月份要先算好",
    exp.TimestampTrunc: "按月取整：月份要先算好",
    exp.Extract: "取日期的一部分：与时区有关，要先算好",
    exp.CurrentDate: "读时钟：同一句话今天和明天结果不同",
    exp.CurrentTimestamp: "读时钟：同一句话今天和明天结果不同",
    exp.Interval: "时间间隔：各引擎返回的类型不同",
    exp.Window: "窗口函数：并列时的次序各引擎不同",
    exp.Qualify: "QUALIFY：PostgreSQL 没有",
    exp.Order: "ORDER BY：空值的次序各引擎不同，次序由程序排",
    exp.Limit: "LIMIT：没有次序的前几行是任意的几行",
    exp.Offset: "OFFSET：没有次序的前几行是任意的几行",
    exp.Distinct: "DISTINCT：写成 GROUP BY",
    exp.Avg: "AVG：结果是小数",
    exp.Rand: "随机数",
    exp.Like: "LIKE：转义和大小写各引擎不同",
    exp.ILike: "ILIKE：大小写各引擎不同",
    exp.RegexpLike: "正则表达式：各引擎写法不同",
    exp.Lateral: "LATERAL：Spark 与 PostgreSQL 写法不同",
    exp.Exists: "EXISTS：写成 LEFT JOIN",
    exp.Filter: "FILTER：写成 CASE",
    exp.Anonymous: "不认识的函数",
    exp.Insert: "只能读，不能写",
    exp.Update: "只能读，不能写",
    exp.Delete: "只能读，不能写",
    exp.Create: "只能读，不能写",
    exp.Drop: "只能读，不能写",
}


class NotPortableError(ValueError):
    """A text that engines could answer differently; the message lists every reason."""


def portable(text: str) -> exp.Expr:
    """The tree of a text that every engine answers alike; raises `NotPortableError` with all reasons."""
    try:
        trees = [tree for tree in sqlglot.parse(text, read=DIALECT) if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise NotPortableError(f"读不懂：{error}") from error
    if len(trees) != 1:
        raise NotPortableError("只能是一句查询")
    reasons = list(dict.fromkeys(_reasons(trees[0])))
    if reasons:
        raise NotPortableError("；".join(reasons))
    return trees[0]


def as_duckdb(text: str) -> str:
    """The text for DuckDB, after the check; its relations are views or tables of these names."""
    return portable(text).sql(dialect=DIALECT)


def as_postgres(text: str, relations: Mapping[str, str]) -> str:
    """The text for PostgreSQL, each of its relations replaced by a query (`relations`: name to SQL).

    Raises `KeyError` for a relation that is neither given nor named by the text's own WITH.
    """
    tree = portable(text)
    own = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if table.name in own:
            continue
        given = sqlglot.parse_one(relations[table.name], read="postgres")
        assert isinstance(given, exp.Query)
        table.replace(given.subquery(table.alias_or_name))
    return tree.sql(dialect="postgres")


def relations_of(text: str) -> frozenset[str]:
    """The names of the relations a text reads."""
    tree = portable(text)
    own = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table)) - own


def _reasons(tree: exp.Expr) -> Iterator[str]:
    if not isinstance(tree, exp.Select | exp.Union):
        yield _REASONS.get(type(tree), "只能是查询")
    for node in tree.walk():
        if not isinstance(node, _ALLOWED) or type(node) not in _ALLOWED:
            yield _REASONS.get(type(node)) or f"不在清单里的写法 {type(node).__name__}"
        else:
            yield from _reasons_of(node)


def _reasons_of(node: exp.Expr) -> Iterator[str]:
    check = _CHECKS.get(type(node))
    if check is not None:
        yield from check(node)


def _of_literal(node: exp.Expr) -> Iterator[str]:
    if not node.is_string and not node.is_int:
        yield f"小数 {node.sql()}：金额是整数分"


def _of_cast(node: exp.Expr) -> Iterator[str]:
    if node.args["to"].this is not exp.DataType.Type.BIGINT:
        yield "CAST：只许 CAST(整数 AS BIGINT)，转成别的类型各引擎取舍不同"


def _of_type(node: exp.Expr) -> Iterator[str]:
    if node.this is not exp.DataType.Type.BIGINT:
        yield f"类型 {node.sql(dialect=DIALECT)}：只用 BIGINT"


def _of_is(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node.expression, exp.Null):
        yield "IS：只许 IS NULL"


def _of_star(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node.parent, exp.Count):
        yield "SELECT *：列名要写全"


def _of_union(node: exp.Expr) -> Iterator[str]:
    if node.args.get("distinct"):
        yield "UNION：写成 UNION ALL"


def _of_with(node: exp.Expr) -> Iterator[str]:
    if node.args.get("recursive"):
        yield "WITH RECURSIVE"


def _of_subquery(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node.parent, exp.From | exp.Join):
        yield "子查询当作一个值：写成 JOIN"


def _of_group(node: exp.Expr) -> Iterator[str]:
    if any(node.args.get(kind) for kind in ("cube", "rollup", "grouping_sets", "all")):
        yield "GROUP BY 的扩展写法"
    if any(isinstance(each, exp.Literal) for each in node.expressions):
        yield "GROUP BY 1：写列名"


def _of_in(node: exp.Expr) -> Iterator[str]:
    if node.args.get("query") or node.args.get("unnest") or node.args.get("field"):
        yield "IN (子查询)：有空值时各引擎不同，写成 JOIN"
    if any(isinstance(each, exp.Null) for each in node.expressions):
        yield "IN 里有 NULL：各引擎不同"


def _of_join(node: exp.Expr) -> Iterator[str]:
    if node.args.get("using") or node.args.get("method"):
        yield "USING、NATURAL：写 ON"
    if not node.args.get("on"):
        yield "没有 ON 的 JOIN"
    if node.text("side") not in {"", "LEFT"} or node.text("kind") not in {"", "INNER", "OUTER"}:
        yield "只用 JOIN 和 LEFT JOIN"


def _of_select(node: exp.Expr) -> Iterator[str]:
    if node.args.get("distinct"):
        yield "DISTINCT：写成 GROUP BY"
    aliases = {each.alias for each in node.expressions if isinstance(each, exp.Alias)}
    for each in node.expressions:
        aggregates = each.find_all(exp.Sum, exp.Min, exp.Max, exp.Count)
        inside = {column.name for found in aggregates for column in found.find_all(exp.Column)}
        clash = (inside & aliases) - {c.name for c in each.find_all(exp.Column) if c.table}
        if clash:
            yield f"别名 {'、'.join(sorted(clash))} 与聚合里的列同名：有的引擎会当成嵌套聚合"


_CHECKS: Final[Mapping[type[exp.Expr], Callable[[exp.Expr], Iterator[str]]]] = {
    exp.Literal: _of_literal,
    exp.Cast: _of_cast,
    exp.DataType: _of_type,
    exp.In: _of_in,
    exp.Is: _of_is,
    exp.Star: _of_star,
    exp.Union: _of_union,
    exp.With: _of_with,
    exp.Join: _of_join,
    exp.Select: _of_select,
    exp.Subquery: _of_subquery,
    exp.Group: _of_group,
}
