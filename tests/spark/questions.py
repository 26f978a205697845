"""The analysts' questions, of benches/queries/questions.sql, and the values they ask about."""

import re
from pathlib import Path

TEXT = Path(__file__).parents[2] / "benches/queries/questions.sql"

# What DuckDB and Spark do not write the same way. Everything else of the questions is in the SQL that
# both speak: LIKE, BETWEEN, GROUP BY 1, LIMIT and OFFSET, NULLS LAST, year(), substr(), DATE '…'.
TO_SPARK = [
    # The tables' dates of treatment have no time zone; TIMESTAMP has one in Spark.
    (re.compile(r"\bTIMESTAMP '"), "TIMESTAMP_NTZ '"),
]


def statements(kind):
    """The statements headed by a comment that starts with that word and a colon, with the rest of it."""
    parts = TEXT.read_text(encoding="utf-8").split("\n-- ")
    for part in parts:
        head, _, sql = part.partition("\n")
        found = re.fullmatch(rf"{kind}: (.*)", head)
        if found:
            yield found.group(1).strip(), sql.partition(";")[0].strip()


def filled(sql, values):
    """The question, about those values."""
    for name, value in values.items():
        sql = sql.replace("{" + name + "}", value.replace("'", "''"))
    return sql


def to_spark(sql):
    """The same question, in Spark's SQL."""
    for pattern, replacement in TO_SPARK:
        sql = pattern.sub(replacement, sql)
    return sql
