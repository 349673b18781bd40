"""A role's schema, answers and errors name no column and no table that it may not see."""

from __future__ import annotations

import base64
import json

import pytest

from dynamic_databases.models import Baseline
from tenants.models import Role, TablePermission
from tests.fixtures.databases import execute

SQL = """
CREATE TABLE depot (id {identity}, secretplan VARCHAR(40));
CREATE TABLE contact (
    id {identity}, name VARCHAR(40) NOT NULL, mail VARCHAR(40) UNIQUE,
    secretcode VARCHAR(40) DEFAULT 'fixed', secretdepot INTEGER,
    CONSTRAINT secret_unique UNIQUE (name, secretcode),
    CONSTRAINT secret_reference FOREIGN KEY (secretdepot) REFERENCES depot (id),
    CONSTRAINT secret_check CHECK (name <> 'forbidden')
);
CREATE TABLE vault (
    id {identity}, secretowner INTEGER,
    CONSTRAINT secret_vault FOREIGN KEY (secretowner) REFERENCES contact (id)
);
CREATE TABLE note (id {identity}, body VARCHAR(40), secretneed VARCHAR(40) NOT NULL);
INSERT INTO contact (name, mail) VALUES ('Ada', 'ada@x');
INSERT INTO vault (secretowner) VALUES (1);
"""
_COLUMNS = ["id", "name", "mail"]


@pytest.fixture
def clerk(door, vendor, new_database, tenant_of, registry):
    """A door for the role `clerk`; `door.admin` is a token of the role admin."""
    database = new_database(vendor, SQL.format(identity=vendor.identity), "crm")
    role = Role.objects.create(name="clerk")
    for table, columns in (("contact", _COLUMNS), ("note", ["id", "body"])):
        TablePermission.objects.create(
            role=role,
            table=table,
            select_columns=columns,
            insert_columns=columns,
            update_columns=columns,
            can_delete=True,
        )
    _, door.admin = tenant_of("crm", production=database)
    _, door.token = tenant_of("crm", role="clerk", production=database)
    door.database, door.url, door.registry = database, database.url, registry
    return door


@pytest.mark.parametrize("document", ["schema.graphql", "schema.json"])
def test_the_schema_names_nothing_hidden(clerk, document) -> None:
    text = clerk.request("GET", f"/t/crm/{document}").body.decode().lower()
    assert "contactmailkey" in text
    assert not [word for word in ("secret", "vault", "depot") if word in text]
    admin = {"authorization": f"Bearer {clerk.admin}"}
    full = clerk.request("GET", f"/t/crm/{document}", headers=admin).body.decode().lower()
    assert "contactnamesecretcodekey" in full


_ONE = "mutation { insertContactOne(object: {name: %s, mail: %s}) { id } }"


@pytest.mark.parametrize(
    "mutation",
    [
        _ONE % ('"Ada"', '"other@x"'),
        _ONE % ('"forbidden"', '"other@x"'),
        "mutation { deleteContact(where: {id: {_eq: 1}}) { affectedRows } }",
        'mutation { insertNoteOne(object: {body: "x"}) { id } }',
        'mutation { insertNote(objects: [{body: "x"}]) { affectedRows } }',
        (
            'mutation { insertContactOne(object: {name: "x", mail: "x"}, '
            "onConflict: {constraint: contactNameSecretcodeKey}) { id } }"
        ),
        "mutation { insertContactOne(object: {name: null, secretCod: 1}) { id } }",
        "{ contact { secretcod } }",
        "{ contact { vaul { id } } }",
        "{ depo { id } }",
    ],
    ids=range(10),
)
def test_an_error_names_nothing_hidden(clerk, mutation) -> None:
    for variables in (None, {}):
        answer = clerk.query("/t/crm/graphql", mutation, variables)
        text = answer.body.decode()
        assert "errors" in answer.json
        given = mutation.lower()
        for word in ("secretcode", "secretneed", "secretdepot", "secretowner", "secret_", "vault"):
            assert word in given or word not in text.lower(), text


def test_an_error_still_names_what_the_role_sees(clerk) -> None:
    answer = clerk.query("/t/crm/graphql", _ONE % ('"Bob"', '"ada@x"'))
    assert answer.code == "CONSTRAINT_VIOLATION"
    assert answer.error["extensions"]["columns"] == ["mail"]
    missing = clerk.query(
        "/t/crm/graphql", 'mutation { insertContactOne(object: {mail: "n@x"}) { id } }'
    )
    assert "name" in missing.error["message"]


def test_for_the_admin_nothing_changes(clerk) -> None:
    admin = f"Bearer {clerk.admin}"
    taken = clerk.query("/t/crm/graphql", _ONE % ('"Ada"', '"other@x"'), authorization=admin)
    assert set(taken.error["extensions"]["columns"]) == {"name", "secretcode"}
    needed = clerk.query(
        "/t/crm/graphql",
        'mutation { insertNoteOne(object: {body: "x"}) { id } }',
        authorization=admin,
    )
    assert "secretneed" in needed.error["message"]


_HIDDEN = ("secret", "vault", "depot")
_SAVE = (
    "mutation {{ saveContact(pkColumns: {{id: 1}}, _set: {{{set}}}, _expect: {{{expect}}}) "
    "{{ changes {{ field column before after }} }} }}"
)
_SAVE_NAME = (
    "mutation($n: String, $e: String) { saveContact(pkColumns: {id: 1}, _set: {name: $n}, "
    "_expect: {name: $e}) { row { name } } }"
)


def drop(clerk) -> None:
    """Drop a column that the role sees, one that it doesn't, and a hidden table."""
    for sql in (
        "DROP TABLE vault",
        "ALTER TABLE note DROP COLUMN secretneed",
        "ALTER TABLE note DROP COLUMN body",
    ):
        execute(clerk.url, sql)


def names_nothing_hidden(answer, given: str = "") -> bool:
    """Return whether an answer holds no hidden name but those that the caller gave itself."""
    text = answer.body.decode().lower()
    return not [word for word in _HIDDEN if word in text and word not in given.lower()]


def test_a_conflict_names_what_the_role_sees(clerk) -> None:
    execute(clerk.url, "UPDATE contact SET name = 'Theirs', secretcode = 'moved' WHERE id = 1")

    clash = clerk.query("/t/crm/graphql", _SAVE_NAME, {"n": "Mine", "e": "Ada"})
    assert clash.code == "CONFLICT"
    assert [one["field"] for one in clash.error["extensions"]["conflicts"]] == ["name"]
    assert names_nothing_hidden(clash)
    # What moved in a hidden column alone is no conflict.
    saved = clerk.query("/t/crm/graphql", _SAVE.format(set='mail: "m@x"', expect='mail: "ada@x"'))
    assert saved.data["saveContact"]["changes"] == [
        {"field": "mail", "column": "mail", "before": "ada@x", "after": "m@x"}
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ('secretcod: "x"', ""),
        ('name: "x"', 'secretcod: "fixed"'),
        ('name: "forbidden"', 'name: "Ada"'),
    ],
)
def test_a_refused_save_names_nothing_hidden(clerk, values, expected) -> None:
    mutation = _SAVE.format(set=values, expect=expected)
    refused = clerk.query("/t/crm/graphql", mutation)
    assert "errors" in refused.json
    assert names_nothing_hidden(refused, mutation)


def test_a_save_that_breaks_a_hidden_key_does_not_say_which(clerk) -> None:
    execute(clerk.url, "INSERT INTO contact (name, mail) VALUES ('Bob', 'bob@x')")
    for mutation in (
        _SAVE.format(set='name: "Bob"', expect='name: "Ada"'),
        'mutation { updateContact(where: {id: {_eq: 1}}, _set: {name: "Bob"}) { affectedRows } }',
        'mutation { updateContactByPk(pkColumns: {id: 1}, _set: {name: "Bob"}) { id } }',
        (
            "mutation { updateContactMany(updates: "
            '[{where: {id: {_eq: 1}}, _set: {name: "Bob"}}]) { affectedRows } }'
        ),
    ):
        refused = clerk.query("/t/crm/graphql", mutation)
        assert refused.code == "CONSTRAINT_VIOLATION", refused.json
        assert names_nothing_hidden(refused)
        assert not {"columns", "constraint"} & refused.error["extensions"].keys()


def test_cursors_hold_and_take_nothing_hidden(clerk) -> None:
    query = (
        "query($after: String%s) { contactConnection(first: 1, after: $after%s) "
        "{ edges { cursor } } }"
    )
    by_secret = query % ("", ", orderBy: [{secretcode: ASC}]")
    of_admin = clerk.query("/t/crm/graphql", by_secret, authorization=f"Bearer {clerk.admin}")
    foreign = of_admin.data["contactConnection"]["edges"][0]["cursor"]

    by_name = query % ("", ", orderBy: [{name: ASC}]")
    own = clerk.query("/t/crm/graphql", by_name).data["contactConnection"]["edges"][0]["cursor"]
    for cursor in (own, foreign):
        raw = base64.urlsafe_b64decode(cursor)
        assert not [word for word in (b"secret", b"fixed", b"Ada") if word in raw]
    for refused in (
        clerk.query("/t/crm/graphql", by_name, {"after": foreign}),
        clerk.query("/t/crm/graphql", query % ("", ""), {"after": foreign}),
        clerk.query("/t/crm/graphql", query % ("", ", orderBy: [{secretcod: ASC}]")),
    ):
        assert "errors" in refused.json
        assert names_nothing_hidden(refused, "secretcod")


def test_what_was_dropped_is_named_to_those_who_saw_it(clerk) -> None:
    clerk.query("/t/crm/graphql", "{ contact { name mail } }")
    drop(clerk)

    gone = clerk.query("/t/crm/graphql", "{ note { body } }")
    assert gone.code == "SCHEMA_CHANGED"
    assert gone.error["extensions"]["changed"] == ["Note.body"]
    assert names_nothing_hidden(gone)


@pytest.fixture
def common(clerk):
    """The same with a baseline, whose `mail` and `secretcode` this database lacks."""
    baseline = Baseline.capture(clerk.database, "base")
    clerk.database.baseline = baseline
    clerk.database.save()
    return clerk


@pytest.mark.parametrize("document", ["schema.graphql", "schema.json"])
def test_the_common_schema_names_nothing_hidden(common, document) -> None:
    found = common.request("GET", f"/common/{document}")
    assert found.status == 200 and "contactMailKey" in found.body.decode()
    assert names_nothing_hidden(found)
    admin = {"authorization": f"Bearer {common.admin}"}
    assert "secretcode" in common.request("GET", f"/common/{document}", headers=admin).body.decode()


def test_the_common_schemas_errors_name_nothing_hidden(common) -> None:
    drop(common)
    common.registry.forget(common.database.label)
    baseline = {"x-schema": "baseline"}

    lacking = common.query("/t/crm/graphql", "{ note { id body } }", **baseline)
    assert lacking.json.get("extensions", {"missingColumns": ["note.body"]}) == {
        "missingColumns": ["note.body"]
    }
    assert names_nothing_hidden(lacking)
    for query in (
        "{ contact { secretcod } }",
        "{ depo { id } }",
        _ONE % ('"Ada"', '"other@x"'),
        'mutation { insertContactOne(object: {name: "x", customFields: {secretcod: 1}}) { id } }',
        '{ contact { customFields(names: ["secretcod"]) } }',
        '{ contact(where: {customFields: {secretcod: {_eq: "x"}}}) { id } }',
        "{ contact(orderBy: {customFields: {secretcode: ASC}}) { id } }",
        'mutation { insertNoteOne(object: {body: "x"}) { id } }',
    ):
        refused = common.query("/t/crm/graphql", query, **baseline)
        assert "errors" in refused.json, query
        assert names_nothing_hidden(refused, query), refused.body
        json.loads(refused.body)
