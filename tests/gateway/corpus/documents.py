"""GraphQL documents that are wrong, too large or try to break out."""

from __future__ import annotations

from typing import Any

WIDE = " ".join(f"f{number}: firstName" for number in range(29))
SYNTAX, INVALID, INPUT, LIMIT = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "QUERY_TOO_COMPLEX",
)


def deep(name: str, levels: int, leaf: str) -> str:
    return f"{{ {name} " * levels + leaf + " }" * levels


def bombs(levels: int) -> str:
    """Fragments that double at each level."""
    parts = [f"fragment f{n} on Contact {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return (
        "{ contact { ...f0 } } "
        + " ".join(parts)
        + f" fragment f{levels} on Contact {{ firstName }}"
    )


# of a document: text, variables, the code that is right (OK: data alone)
DOCUMENTS: list[tuple[str, Any, str]] = [
    # syntax
    *[
        (text, None, SYNTAX)
        for text in (
            "{",
            "}",
            "{}",
            "{ contact { }",
            "{ contact( }",
            "{ contact(limit: ) { firstName } }",
            "query",
            "query {",
            "mutation M",
            "{ contact { firstName }",
            "{ ...}",
            "{ a: }",
            "{ contact(limit: 1 limit 2) { firstName } }",
            "query($) { contact { firstName } }",
            "query($a) { contact { firstName } }",
            "query($a: ) { contact { firstName } }",
            "fragment on on Contact { firstName }",
            '{ contact(where: {firstName: {_eq: "x}}) { firstName } }',
            '{ contact(where: {firstName: {_eq: """x}}) { firstName } }',
            '{ contact(where: {firstName: {_eq: "\\u{110000}"}}) { firstName } }',
            '{ contact(where: {firstName: {_eq: "\\uD800"}}) { firstName } }',
            "{ contact { firstName @ } }",
            "\x00",
            "{ contact { firstName } } \x07",
            "'{ contact }'",
            "{ contact(limit: 01) { firstName } }",
            "{ contact(limit: 1e) { firstName } }",
            "{ contact(limit: 1.) { firstName } }",
            "<script>alert(1)</script>",
            "SELECT * FROM contact",
            "]" * 500,
            "\\",
            "{ conta\u200bct { firstName } }",
            "schema { query: Query",
            "🦊",
        )
    ],
    # valid syntax, wrong document
    *[
        (text, None, INVALID)
        for text in (
            "{ nothing }",
            "{ contact }",
            "{ contact { nothing } }",
            "{ contact { firstName { x } } }",
            "{ __proto__ }",
            "{ constructor }",
            "{ contact { __class__ } }",
            "{ __schema }",
            "{ contact(nothing: 1) { firstName } }",
            '{ contact(limit: "1") { firstName } }',
            "{ contact(limit: 1, limit: 2) { firstName } }",
            "{ contact(limit: 99999999999999999999) { firstName } }",
            "{ contact(orderBy: [{nothing: ASC}]) { firstName } }",
            "{ contact(orderBy: [{firstName: SIDEWAYS}]) { firstName } }",
            "{ contact(where: {firstName: {_nothing: 1}}) { firstName } }",
            "{ contact(where: {__proto__: {_eq: 1}}) { firstName } }",
            "{ contact { ...missing } }",
            "fragment F on Contact { firstName } { contact { firstName } }",
            "fragment F on Contact { ...F } { contact { ...F } }",
            "fragment F on Contact { ...G } fragment G on Contact { ...F } { contact { ...F } }",
            "{ contact { ...F } } fragment F on Nothing { firstName }",
            "{ contact { ... on Account { name } } }",
            "{ contact { a: firstName a: lastName } }",
            "{ contact @nothing { firstName } }",
            "{ contact @skip { firstName } }",
            '{ contact @skip(if: "true") { firstName } }',
            "query($a: Nothing) { contact { firstName } }",
            "query($a: Int) { contact { firstName } }",
            "{ contact(limit: $a) { firstName } }",
            "query($a: String) { contact(limit: $a) { firstName } }",
            "query($a: Contact) { contact(limit: $a) { firstName } }",
            "subscription { contact { firstName } }",
            "mutation { contact { firstName } }",
            "{ updateContact { affectedRows } }",
            "type Query { a: Int }",
            "extend type Query { a: Int }",
            "{ contactByPk { firstName } }",
            '{ contactByPk(contactId: "1") { firstName } }',
            "{ contactByPk(contactId: null) { firstName } }",
            "{ contactByPk(contactId: 1.5) { firstName } }",
            "{ contactByPk(contactId: true) { firstName } }",
            "{ contactByPk(contactId: [1]) { firstName } }",
            "{ contactByPk(contactId: {a: 1}) { firstName } }",
            "{ node { id } }",
            "mutation { insertContactOne { firstName } }",
            "mutation { insertContactOne(object: {nothing: 1}) { firstName } }",
            "mutation { deleteContact { affectedRows } }",
            'mutation { updateContact(_set: {firstName: "x"}) { affectedRows } }',
            "query @skip(if: true) { contact { firstName } }",
        )
    ],
    # what is too much
    (deep("contact { account", 40, "name"), None, SYNTAX),
    (
        "{ contact { account " + "{ contacts { account " * 8 + "{ name }" + " } }" * 8 + " } }",
        None,
        LIMIT,
    ),
    ("{ " + " ".join(f"a{n}: contact {{ firstName }}" for n in range(50)) + " }", None, LIMIT),
    ("{ contact { " + " ".join(f"a{n}: firstName" for n in range(100)) + " } }", None, LIMIT),
    ("{ contact { " + "firstName " * 12_000 + "} }", None, LIMIT),
    ("#" * 5 + "\n#" * 5_000 + "\n{ contact { firstName } }", None, LIMIT),
    ("{ contact { firstName " + "@skip(if: false) " * 200 + "} }", None, LIMIT),
    ("{ contact { firstName " + "@nothing " * 200 + "} }", None, LIMIT),
    ("{ contact(limit: 1001) { firstName } }", None, LIMIT),
    (
        (
            "{ contact(limit: 1000) { account { contacts(limit: 1000) "
            "{ account { contacts(limit: 1000) { firstName } } } } } }"
        ),
        None,
        LIMIT,
    ),
    ("{ contact(where: " + "{_and: " * 100 + "{}" + "}" * 100 + ") { firstName } }", None, LIMIT),
    (
        "{ contact(where: {_not: " * 1 + "{_not: " * 3000 + "{}" + "}" * 3001 + ") { firstName } }",
        None,
        SYNTAX,
    ),
    (
        "{ contact(where: {_or: [" + "[" * 3000 + "]" * 3000 + "]}) { firstName } }",
        None,
        SYNTAX,
    ),
    ("{" * 4_000, None, SYNTAX),
    ("{a" * 4_000, None, SYNTAX),
    ("query Q($a: " + "[" * 4_000, None, SYNTAX),
    (bombs(20), None, "OK"),
    (bombs(200), None, INVALID),
    (
        "{ contact { ..." + " ... ".join(f"on Contact {{ {WIDE} }}" for _ in range(100)) + " } }",
        None,
        "OK",
    ),
    ("{ contact { " + " ".join(f"n{n}" for n in range(3_000)) + " } }", None, INVALID),
    (
        "query(" + " ".join(f"$v{n}: Int" for n in range(2_000)) + ") { contact { firstName } }",
        None,
        INVALID,
    ),
    ("{ contact { " + "a" * 100_000 + " } }", None, INVALID),
    ("{ contact(limit: " + "9" * 5_000 + ") { firstName } }", None, INVALID),
    ('{ contact(where: {firstName: {_eq: "' + "x" * 500_000 + '"}}) { firstName } }', None, "OK"),
    # values
    *[
        ("query($v: Int!) { contactByPk(contactId: $v) { firstName } }", {"v": value}, INPUT)
        for value in (
            None,
            "1",
            1.5,
            True,
            [1],
            {"a": 1},
            2**31,
            -(2**31) - 1,
            2**70,
            1e308,
            "1; DROP TABLE contact",
            "",
        )
    ],
    *[
        (
            "query($v: String!) { contact(where: {firstName: {_eq: $v}}) { firstName } }",
            {"v": value},
            code,
        )
        for value, code in (
            ("' OR 1=1 --", "OK"),
            ('"; DROP TABLE contact; --', "OK"),
            ("%", "OK"),
            ("\\", "OK"),
            ("${jndi:ldap://x}", "OK"),
            ("{{7*7}}", "OK"),
            ("../../etc/passwd", "OK"),
            ("\u202e", "OK"),
            ("\ud7ff", "OK"),
            ("a" * 100_000, "OK"),
            (5, INPUT),
            (None, INPUT),
            ({}, INPUT),
            ([], INPUT),
            (True, INPUT),
        )
    ],
    *[
        ("query($w: ContactBoolExp) { contact(where: $w) { firstName } }", {"w": value}, code)
        for value, code in (
            ({}, "OK"),
            ({"nothing": {}}, INPUT),
            ({"__proto__": {}}, INPUT),
            ({"firstName": {"_eq": None}}, INPUT),
            ({"firstName": {"_in": []}}, "OK"),
            ({"firstName": {"_in": ["x"] * 1000}}, "OK"),
            ({"_and": []}, "OK"),
            ({"_or": [{}] * 500}, "OK"),
            ({"_not": {"_not": {}}}, "OK"),
            ("x", INPUT),
            ([], INPUT),
            (5, INPUT),
            ({"firstName": "x"}, INPUT),
            ({"firstName": {"_like": "%" * 5000}}, LIMIT),
            ({"firstName": {"_regex": "(a+)+$"}}, INPUT),
        )
    ],
    (
        "query($o: [ContactOrderBy!]) { contact(orderBy: $o) { firstName } }",
        {"o": [{"firstName": "ASC"}] * 200},
        "OK",
    ),
    ("query($n: Int) { contact(limit: $n) { firstName } }", {"n": -1}, INPUT),
    ("query($n: Int) { contact(offset: $n) { firstName } }", {"n": -1}, INPUT),
    ("query($n: Int) { contact(offset: $n) { firstName } }", {"n": 2**31 - 1}, "OK"),
    ('{ node(nodeId: "x") { nodeId } }', None, INPUT),
    ('{ node(nodeId: "") { nodeId } }', None, INPUT),
    ('{ node(nodeId: "%s") { nodeId } }' % ("A" * 50_000), None, INPUT),
    ('{ contactConnection(first: 2, after: "forged") { totalCount } }', None, INPUT),
    ("{ contactConnection(first: -1) { totalCount } }", None, INPUT),
    ("{ contactConnection(first: 1, last: 1) { edges { cursor } } }", None, "OK"),
    ("{ contactGroupBy(by: []) { aggregate { count } } }", None, INPUT),
    (
        (
            "mutation { insertContactOne(object: "
            '{firstName: "x", lastName: "y", accountId: 999999}) { contactId } }'
        ),
        None,
        "CONSTRAINT_VIOLATION",
    ),
    (
        'mutation { updateContact(where: {}, _set: {firstName: "x"}, atMost: 1) { affectedRows } }',
        None,
        "TOO_MANY_ROWS",
    ),
    ("query A { contact { firstName } } query B { contact { firstName } }", None, INPUT),
]
