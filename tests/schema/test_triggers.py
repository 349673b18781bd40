"""Writes under triggers and policies: the answer says what the database did, or fails."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import execute
from tests.fixtures.vendors import MARIADB, POSTGRESQL, SQLITE, present

PLPGSQL = "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;"
NOTE = "CREATE TABLE note (id {key}, text TEXT, n INT, slug TEXT, gone BOOLEAN DEFAULT {false});"
ROWS = "INSERT INTO note (id, text, n) VALUES (1, 'a', 1), (2, 'b', 2);"


def note_sql(vendor, name: str, event: str, body: str, function: str = "") -> str:
    """The table `note` with a trigger; PostgreSQL's does `function`."""
    is_lite = vendor is SQLITE
    table = NOTE.format(
        key="INTEGER PRIMARY KEY" if is_lite else "SERIAL PRIMARY KEY",
        false="0" if is_lite else "false",
    )
    if is_lite:
        return f"{table} {ROWS} CREATE TRIGGER {name} {event} ON note BEGIN {body} END;"
    made = PLPGSQL.format(name=name, body=function)
    trigger = f"CREATE TRIGGER {name} {event} ON note FOR EACH ROW EXECUTE FUNCTION {name}();"
    return f"{table} {ROWS} {made} {trigger}"


@pytest.fixture(params=[SQLITE, POSTGRESQL], ids=lambda vendor: vendor.name)
def silent(request) -> object:
    """The vendors whose triggers can drop a write without a word."""
    return present(request.param)


def test_a_delete_that_a_trigger_turns_into_a_mark_is_not_answered_as_done(silent, served) -> None:
    mark = "UPDATE note SET gone = {} WHERE id = OLD.id;"
    lite = mark.format("1") + " SELECT RAISE(IGNORE);"
    sql = note_sql(silent, "soft", "BEFORE DELETE", lite, mark.format("true") + " RETURN NULL;")
    ask = served(silent, sql)

    query = (
        "mutation { deleteNoteByPk(id: 1) { id } "
        "deleteNote(where: {}) { affectedRows returning { id } } }"
    )
    assert ask(query).data == {
        "deleteNoteByPk": None,
        "deleteNote": {"affectedRows": 0, "returning": []},
    }
    assert ask("{ note { id gone } }").data["note"] == [
        {"id": 1, "gone": True},
        {"id": 2, "gone": True},
    ]


def test_of_several_rows_those_that_were_deleted_are_answered(silent, served) -> None:
    lite = "SELECT RAISE(IGNORE) WHERE OLD.id = 1;"
    function = "IF OLD.id = 1 THEN RETURN NULL; END IF; RETURN OLD;"
    ask = served(silent, note_sql(silent, "kept", "BEFORE DELETE", lite, function))

    query = "mutation { deleteNote(where: {}) { returning { id } affectedRows } }"
    assert ask(query).data == {"deleteNote": {"returning": [{"id": 2}], "affectedRows": 1}}


@pytest.mark.parametrize("values", ['text: "x"', 'text: "x", n: 7'])
def test_an_update_that_a_trigger_drops_is_null(silent, served, values: str) -> None:
    sql = note_sql(silent, "kept", "BEFORE UPDATE", "SELECT RAISE(IGNORE);", "RETURN NULL;")
    ask = served(silent, sql)

    query = f"""mutation {{ updateNoteByPk(pkColumns: {{id: 1}}, _set: {{{values}}}) {{ text }}
        saveNote(pkColumns: {{id: 1}}, _set: {{{values}}}, _expect: {{text: "a"}})
          {{ row {{ text }} }}
        updateNote(where: {{}}, _set: {{{values}}}) {{ affectedRows }} }}"""
    assert ask(query).data == {
        "updateNoteByPk": None,
        "saveNote": None,
        "updateNote": {"affectedRows": 0},
    }
    same = 'mutation { updateNoteByPk(pkColumns: {id: 1}, _set: {text: "a"}) { text } }'
    assert ask(same).data == {"updateNoteByPk": {"text": "a"}}  # there was nothing to do


def test_an_insert_answers_what_a_trigger_made_of_it_afterwards(silent, served) -> None:
    body = "UPDATE note SET slug = 's-' || NEW.id WHERE id = NEW.id;"
    ask = served(silent, note_sql(silent, "named", "AFTER INSERT", body, f"{body} RETURN NULL;"))

    query = 'mutation { insertNoteOne(object: {id: 7, text: "n"}) { id slug } }'
    assert ask(query).data == {"insertNoteOne": {"id": 7, "slug": "s-7"}}
    query = 'mutation { insertNote(objects: [{id: 8, text: "n"}]) { returning { id slug } } }'
    assert ask(query).data == {"insertNote": {"returning": [{"id": 8, "slug": "s-8"}]}}


def test_a_row_is_answered_under_the_key_that_a_trigger_gave_it(postgresql, served) -> None:
    ask = served(
        postgresql,
        """CREATE TABLE doc (id TEXT PRIMARY KEY, name TEXT, n INT);
            INSERT INTO doc VALUES ('T-one', 'one', 1);"""
        + PLPGSQL.format(name="keyed", body="NEW.id = 'T-' || NEW.name; RETURN NEW;")
        + "CREATE TRIGGER keyed BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION keyed();",
    )

    update = 'mutation { updateDocByPk(pkColumns: {id: "T-one"}, _set: {name: "two"}) { id name } }'
    assert ask(update).data == {"updateDocByPk": {"id": "T-two", "name": "two"}}
    save = """mutation { saveDoc(pkColumns: {id: "T-two"}, _set: {name: "six"}) {
        row { id } changes { field before after } } }"""
    assert ask(save).data["saveDoc"] == {
        "row": {"id": "T-six"},
        "changes": [{"field": "name", "before": "two", "after": "six"}],
    }
    same = (
        'mutation { saveDoc(pkColumns: {id: "T-six"}, _set: {name: "six"}) '
        "{ row { id } changes { field } } }"
    )
    assert ask(same).data["saveDoc"] == {"row": {"id": "T-six"}, "changes": []}


WORDS = "the amount is above the limit of 100"
PAY = "CREATE TABLE pay (id INTEGER PRIMARY KEY, amount INT);"
ROW = "INSERT INTO pay VALUES (1, 1);"
SIGNAL = f"SET MESSAGE_TEXT = '{WORDS}'"
REFUSING = {
    SQLITE: f"""{PAY} {ROW}
        CREATE TRIGGER a BEFORE INSERT ON pay BEGIN SELECT RAISE(ABORT, '{WORDS}'); END;
        CREATE TRIGGER b BEFORE UPDATE ON pay BEGIN SELECT RAISE(FAIL, '{WORDS}'); END;
        CREATE TRIGGER c BEFORE DELETE ON pay BEGIN SELECT RAISE(ROLLBACK, '{WORDS}'); END;""",
    POSTGRESQL: f"""{PAY} {ROW}
        {PLPGSQL.format(name="refuse", body=f"RAISE EXCEPTION '{WORDS}';")}
        CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON pay
            FOR EACH ROW EXECUTE FUNCTION refuse();""",
    MARIADB: f"""{PAY} {ROW}
        CREATE TRIGGER a BEFORE INSERT ON pay FOR EACH ROW SIGNAL SQLSTATE '45000' {SIGNAL};
        CREATE TRIGGER b BEFORE UPDATE ON pay FOR EACH ROW SIGNAL SQLSTATE '45000' {SIGNAL};
        CREATE TRIGGER c BEFORE DELETE ON pay
            FOR EACH ROW SIGNAL SQLSTATE '45001' {SIGNAL}, MYSQL_ERRNO = 30001;""",
}
REFUSED = [
    "insertPayOne(object: {id: 2, amount: 101}) { id }",
    "insertPay(objects: [{id: 2, amount: 1}, {id: 3, amount: 101}]) { affectedRows }",
    "updatePayByPk(pkColumns: {id: 1}, _set: {amount: 7}) { id }",
    "updatePay(where: {}, _set: {amount: 7}) { affectedRows }",
    "savePay(pkColumns: {id: 1}, _set: {amount: 7}) { row { id } }",
    "deletePayByPk(id: 1) { id }",
    "deletePay(where: {}) { affectedRows }",
]


@pytest.fixture(params=REFUSING, ids=lambda vendor: vendor.name)
def refusing(request, served):
    vendor = present(request.param)
    return served(vendor, REFUSING[vendor])


@pytest.mark.parametrize("mutation", REFUSED)
def test_a_triggers_own_words_reach_the_client(refusing, mutation: str) -> None:
    answer = refusing(f"mutation {{ {mutation} }}")

    assert (answer.status, answer.code) == (200, "CONSTRAINT_VIOLATION")
    assert answer.error["message"] == WORDS
    assert refusing("{ pay { id amount } }").data == {"pay": [{"id": 1, "amount": 1}]}


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ("", "CONSTRAINT_VIOLATION"),
        (" USING ERRCODE = '23514'", "CONSTRAINT_VIOLATION"),
        (" USING ERRCODE = '23505', CONSTRAINT = 'own'", "CONSTRAINT_VIOLATION"),
        (" USING ERRCODE = 'MY001'", "CONSTRAINT_VIOLATION"),
        (" USING ERRCODE = '57014'", "CONSTRAINT_VIOLATION"),
        (" USING ERRCODE = '08006'", "CONSTRAINT_VIOLATION"),
        (" USING ERRCODE = '22003'", "BAD_USER_INPUT"),
        (" USING ERRCODE = '42501'", "FORBIDDEN"),
        (" USING ERRCODE = '40001'", "CONFLICT"),
    ],
)
def test_a_raise_with_a_code_of_its_own(postgresql, served, clause: str, code: str) -> None:
    made = PLPGSQL.format(name="refuse", body=f"RAISE EXCEPTION '{WORDS}'{clause};")
    trigger = "CREATE TRIGGER a BEFORE INSERT ON pay FOR EACH ROW EXECUTE FUNCTION refuse();"
    ask = served(postgresql, f"CREATE TABLE pay (id INT PRIMARY KEY); {made} {trigger}")

    answer = ask("mutation { insertPayOne(object: {id: 1}) { id } }")
    assert (answer.code, answer.error["message"]) == (code, WORDS)


@pytest.mark.parametrize(
    "body",
    [
        "NEW.n = 1 / 0; RETURN NEW;",
        "CASE NEW.n WHEN 99 THEN RETURN NEW; END CASE;",
        "PERFORM nosuch(1); RETURN NEW;",
        "ASSERT NEW.n > 99, 'too small'; RETURN NEW;",
        "PERFORM id FROM STRICT_ROWS; RETURN NEW;",
        "UPDATE note SET n = (SELECT id FROM note); RETURN NEW;",
        "COMMIT; RETURN NEW;",
    ],
)
def test_a_trigger_that_fails_is_no_internal_error(postgresql, served, body: str) -> None:
    table = NOTE.format(key="SERIAL PRIMARY KEY", false="false")
    made = PLPGSQL.format(name="failing", body=body)
    trigger = (
        "CREATE TRIGGER failing BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION failing();"
    )
    ask = served(postgresql, f"{table} {ROWS} {made} {trigger}")

    answer = ask("mutation { insertNoteOne(object: {n: 5}) { id } }")
    assert (answer.status, answer.code != "INTERNAL_SERVER_ERROR") == (200, True)


GONE = "INSERT INTO nosuch VALUES (1);"
BROKEN = {
    SQLITE: f"""{PAY} {ROW}
        CREATE TRIGGER a AFTER INSERT ON pay BEGIN {GONE} END;
        CREATE TRIGGER b AFTER UPDATE ON pay BEGIN {GONE} END;
        CREATE TRIGGER fine AFTER UPDATE ON pay BEGIN SELECT 1; END;""",
    POSTGRESQL: f"""{PAY} {ROW} {PLPGSQL.format(name="broken", body=f"{GONE} RETURN NEW;")}
        CREATE TRIGGER a AFTER INSERT OR UPDATE ON pay FOR EACH ROW EXECUTE FUNCTION broken();""",
    MARIADB: f"""{PAY} {ROW}
        CREATE TRIGGER a AFTER INSERT ON pay FOR EACH ROW {GONE}
        CREATE TRIGGER b BEFORE UPDATE ON pay FOR EACH ROW
            SET NEW.amount = (SELECT nosuch FROM pay LIMIT 1);""",
}


@pytest.mark.parametrize("vendor", BROKEN, ids=lambda vendor: vendor.name)
def test_a_trigger_that_names_what_is_gone_is_no_change_of_the_schema(vendor, served) -> None:
    ask = served(present(vendor), BROKEN[vendor])

    for mutation in REFUSED[:5]:
        answer = ask(f"mutation {{ {mutation} }}")
        assert (answer.status, answer.code) == (200, "CONSTRAINT_VIOLATION"), mutation
        assert "A trigger or routine of this database names" in answer.error["message"]
    assert ask("{ pay { id amount } }").data == {"pay": [{"id": 1, "amount": 1}]}


def test_a_parent_that_a_trigger_dropped_speaks_of_the_trigger(silent, served) -> None:
    sql = note_sql(silent, "dropped", "BEFORE INSERT", "SELECT RAISE(IGNORE);", "RETURN NULL;")
    child = "CREATE TABLE line (id INTEGER PRIMARY KEY, note_id INTEGER REFERENCES note(id));"
    ask = served(silent, sql + child)

    answer = ask("mutation { insertLineOne(object: {id: 1, note: {data: {id: 9}}}) { id } }")
    assert answer.code == "CONSTRAINT_VIOLATION"
    assert "trigger" in answer.error["message"]


def test_the_words_are_hidden_where_the_setting_says_so(music_with, vendor) -> None:
    if vendor is not POSTGRESQL:
        pytest.skip("the setting is the same for all")
    door = music_with(database_messages=False)
    made = PLPGSQL.format(name="refuse", body=f"RAISE EXCEPTION '{WORDS}';")
    trigger = "CREATE TRIGGER a BEFORE INSERT ON genre FOR EACH ROW EXECUTE FUNCTION refuse();"
    execute(door.database.url, made + trigger)

    answer = door.query(
        "/t/music/graphql", 'mutation { insertGenreOne(object: {name: "x"}) { genreId } }'
    )
    assert answer.code == "CONSTRAINT_VIOLATION"
    assert WORDS not in answer.error["message"]


MOVED = {
    MARIADB: """CREATE TABLE doc (id INT PRIMARY KEY, n INT); INSERT INTO doc VALUES (1, 1), (2, 2);
        CREATE TRIGGER moved BEFORE UPDATE ON doc FOR EACH ROW SET NEW.id = NEW.id + 100;""",
    SQLITE: """CREATE TABLE doc (id INTEGER PRIMARY KEY, n INT);
        INSERT INTO doc VALUES (1, 1), (2, 2);
        CREATE TRIGGER moved AFTER INSERT ON doc
            BEGIN UPDATE doc SET id = NEW.id + 100 WHERE id = NEW.id; END;""",
}
MOVING = [
    (MARIADB, "updateDocByPk(pkColumns: {id: 1}, _set: {n: 7}) { n }"),
    (MARIADB, "saveDoc(pkColumns: {id: 1}, _set: {n: 7}) { row { n } }"),
    (MARIADB, "saveDoc(pkColumns: {id: 1}, _set: {n: 7}) { changes { field } }"),
    (MARIADB, "updateDoc(where: {id: {_eq: 1}}, _set: {n: 7}) { returning { n } }"),
    (MARIADB, "updateDoc(where: {}, _set: {n: 7}) { affectedRows returning { id } }"),
    (SQLITE, "insertDocOne(object: {id: 7, n: 7}) { n }"),
    (SQLITE, "insertDoc(objects: [{id: 7, n: 7}]) { affectedRows returning { n } }"),
]


@pytest.mark.parametrize(("vendor", "mutation"), MOVING)
def test_a_row_whose_new_key_cannot_be_told_is_not_written(served, vendor, mutation: str) -> None:
    ask = served(present(vendor), MOVED[vendor])

    answer = ask(f"mutation {{ {mutation} }}")
    assert (answer.status, answer.code) == (200, "CONSTRAINT_VIOLATION")
    assert "another key" in answer.error["message"]
    assert ask("{ doc { id n } }").data["doc"] == [{"id": 1, "n": 1}, {"id": 2, "n": 2}]


def test_of_rows_that_are_only_counted_a_trigger_may_change_the_key(mariadb, served) -> None:
    ask = served(mariadb, MOVED[MARIADB])

    query = "mutation { updateDoc(where: {id: {_eq: 1}}, _set: {n: 7}) { affectedRows } }"
    assert ask(query).data == {"updateDoc": {"affectedRows": 1}}
    assert ask("{ docByPk(id: 101) { n } }").data == {"docByPk": {"n": 7}}


@pytest.mark.parametrize("number", [1062, 1205, 1213, 1317, 4025])
def test_the_sqlstate_of_a_signal_counts_not_its_number(mariadb, served, number: int) -> None:
    trigger = f"""CREATE TRIGGER a BEFORE INSERT ON pay
        FOR EACH ROW SIGNAL SQLSTATE '45000' {SIGNAL}, MYSQL_ERRNO = {number};"""
    ask = served(mariadb, f"{PAY} {trigger}")

    answer = ask("mutation { insertPayOne(object: {id: 1}) { id } }")
    assert (answer.status, answer.code) == (200, "CONSTRAINT_VIOLATION")
    assert answer.error["message"] == WORDS


@pytest.mark.parametrize(
    ("state", "number"),
    [("23000", 1062), ("23000", 1452), ("23000", 1048), ("77777", 777), ("MY001", 1366)],
)
def test_a_signal_with_a_state_or_number_of_the_server_keeps_its_words(
    mariadb, served, state: str, number: int
) -> None:
    trigger = f"""CREATE TRIGGER a BEFORE INSERT ON pay
        FOR EACH ROW SIGNAL SQLSTATE '{state}' {SIGNAL}, MYSQL_ERRNO = {number};"""
    ask = served(mariadb, f"{PAY} {trigger}")

    answer = ask("mutation { insertPayOne(object: {id: 1}) { id } }")
    assert (answer.status, answer.code) == (200, "CONSTRAINT_VIOLATION")
    assert answer.error["message"] == WORDS
