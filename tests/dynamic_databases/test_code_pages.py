"""What a text of SQL Server that isn't Unicode can hold, and what the ORM does with the rest."""

from __future__ import annotations

import pytest
from django.db import connections

from dynamic_databases.catalog.code_pages import first_lost
from dynamic_databases.catalog.mssql import sql_type
from dynamic_databases.catalog.types import Column
from dynamic_databases.errors import BadValue
from dynamic_databases.models_factory.fields import field_for

pytestmark = pytest.mark.pure

# text, code page, and the first character that it lacks
TEXTS = [
    ("naïve", 1252, None),
    ("Łódź", 1250, None),
    ("Łódź", 1252, "Ł"),
    ("Ёж", 1251, None),
    ("a日", 1250, "日"),
    ("日本", 932, None),
    ("€", 1252, None),
    ("😀", 65001, None),
    ("日", 99999, None),  # unknown: left to the server
]


@pytest.mark.parametrize(("text", "code_page", "lost"), TEXTS)
def test_what_a_code_page_lacks(text: str, code_page: int, lost: str | None) -> None:
    assert first_lost(text, code_page) == lost


def test_the_orm_refuses_what_the_server_would_store_otherwise() -> None:
    column = Column("city", sql_type("varchar", 40, 0, 0, "Polish_CI_AS", 1250))
    field = field_for(column, "microsoft", "city", primary_key=False, unique=False)

    assert field.get_db_prep_save("Łódź", connections["default"]) == "Łódź"
    assert field.get_db_prep_save(None, connections["default"]) is None
    with pytest.raises(BadValue, match=r"varchar\(40\) of code page 1250 can't hold '日'"):
        field.clone().get_db_prep_save("日", connections["default"])


def test_a_unicode_column_takes_every_text() -> None:
    column = Column("city", sql_type("nvarchar", 80))
    field = field_for(column, "microsoft", "city", primary_key=False, unique=False)

    assert field.get_db_prep_save("日", connections["default"]) == "日"
