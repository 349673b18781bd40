"""The text of a session variable → the values of a list that a rule compares with."""

from __future__ import annotations

import pytest
from graphql import GraphQLInt, GraphQLList, GraphQLString

from schema.errors import Forbidden
from schema.plan.session_variables import SESSION, SessionVariable

pytestmark = pytest.mark.pure
NAME = "x-gateway-groups"
LISTS = {
    '["a", "b"]': ["a", "b"],
    '"a"': ["a"],
    "[]": [],
    "{}": [],
    "{ }": [],
    "{a,b c}": ["a", "b c"],
    '{ a , " b "}': ["a", " b "],
    '{"a,b"}': ["a,b"],
    '{"a\\"},{b","c\\\\"}': ['a"},{b', "c\\"],
    '{"null",""}': ["null", ""],
}
NO_LISTS = (
    '["a", null]',
    "{a,null}",
    "{a,NULL}",
    "{a,}",
    "{,a}",
    "{a,,b}",
    "{{a},{b}}",
    '{"a}',
    '{"a"b}',
    'a{"b"}',
    '{a"b"}',
    "{a},{b}",
    "[a]",
)


def read(text: str, item=GraphQLString) -> list:
    return SessionVariable(NAME, GraphQLList(item)).read({SESSION: {NAME: text}})


@pytest.mark.parametrize("text", LISTS)
def test_a_list_is_read_as_it_was_written(text: str) -> None:
    assert read(text) == LISTS[text]


@pytest.mark.parametrize("text", NO_LISTS)
def test_what_is_no_list_of_values_is_forbidden(text: str) -> None:
    with pytest.raises(Forbidden, match="x-gateway-groups is no"):
        read(text)


def test_numbers_are_read_from_either_form() -> None:
    assert read("{1, 2}", GraphQLInt) == read("[1,2]", GraphQLInt) == [1, 2]
    with pytest.raises(Forbidden, match="is no"):
        read('{"1,2"}', GraphQLInt)
