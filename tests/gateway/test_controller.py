"""A team's own table of customers: the gateway finds tenants there and follows its rows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dynamic_databases.models import Database
from gateway.config import InvalidSetting, load_config
from tenants.authentication.tokens import issue_token
from tenants.controller import Controller, ControllerConfig
from tenants.models import Tenant
from tests.fixtures.databases import drop_database, execute, make_url
from tests.fixtures.processes import wait_for
from tests.fixtures.vendors import POSTGRESQL, SQLITE, present

CUSTOMERS = """CREATE TABLE customer (customer_id INTEGER
    PRIMARY KEY, domain_name VARCHAR(80), conn VARCHAR(400), is_active BOOLEAN,
    title VARCHAR(40));"""
NOTES = (
    "CREATE TABLE note (id INTEGER PRIMARY KEY, text VARCHAR(40)); "
    "INSERT INTO note VALUES (1, '{}');"
)
CONFIG = ControllerConfig(
    "central", "customer", "customer_id", "conn", "domain_name", "is_active", "title"
)
QUERY = "{ note { text } }"


@pytest.fixture
def central(vendor, new_database):
    """The team's central database, with three customers: two served, one not."""
    database = new_database(vendor, CUSTOMERS, "central")
    true, false = ("1", "0") if vendor is SQLITE else ("true", "false")
    for number, domain, active in (
        (701, "One.example.com", true),
        (702, "two.example.com", true),
        (703, "three.example.com", false),
    ):
        url = make_url(SQLITE, NOTES.format(f"of {number}"))
        execute(
            database.url,
            (
                f"INSERT INTO customer VALUES ({number}, '{domain}', '{url}', {active}, "
                f"'Customer {number}')"
            ),
        )
    return database


@pytest.fixture
def gateway(central, door, monkeypatch):
    """A door that knows where the customers are, with an operator's token."""
    controller = Controller(CONFIG, 0.1)
    monkeypatch.setattr(door.runtime.authenticator, "_controller", controller)
    door.controller = controller
    door.token = issue_token(None, "admin", None, None)
    return door


def test_a_customer_is_served_by_id_and_by_domain_name(gateway) -> None:
    assert gateway.query("/t/701/graphql", QUERY).data == {"note": [{"text": "of 701"}]}
    assert gateway.query("/graphql", QUERY, host="two.example.com").data == {
        "note": [{"text": "of 702"}]
    }
    assert gateway.query("/graphql", QUERY, **{"x-tenant": "one.example.com"}).data == {
        "note": [{"text": "of 701"}]
    }

    tenant = Tenant.objects.get(external_id="701")
    assert (tenant.slug, tenant.name, tenant.domains) == (
        "one-example-com",
        "Customer 701",
        ["one.example.com"],
    )
    alias = tenant.attachments.get().database.label
    note = tenant.attachments.get().database.get_model("note")
    assert note.objects.using(alias).get().text == "of 701"


@pytest.mark.parametrize("name", ["703", "704", "three.example.com", "no such", "1 OR 1=1"])
def test_inactive_and_unknown_customers_answer_alike(gateway, name) -> None:
    answer = gateway.query("/graphql", QUERY, **{"x-tenant": name})

    assert answer.code == "TENANT_NOT_FOUND"
    assert not Tenant.objects.filter(active=True).exists()


def test_strangers_make_nobody_look(gateway) -> None:
    gateway.token = None

    assert gateway.query("/t/701/graphql", QUERY).code == "UNAUTHENTICATED"
    assert not Tenant.objects.exists()


def test_changed_and_removed_rows_are_followed(gateway, central) -> None:
    for number in (701, 702):
        gateway.query(f"/t/{number}/graphql", QUERY).data  # noqa: B018 - raises where refused
    other = make_url(SQLITE, NOTES.format("moved"))
    execute(central.url, f"UPDATE customer SET conn = '{other}' WHERE customer_id = 701")
    execute(central.url, "DELETE FROM customer WHERE customer_id = 702")
    gateway.controller.follow()

    assert gateway.query("/t/701/graphql", QUERY).data == {"note": [{"text": "moved"}]}
    assert gateway.query("/t/702/graphql", QUERY).code == "TENANT_NOT_FOUND"


@pytest.mark.parametrize("key", [701, 704])
def test_a_customers_id_is_no_tenant_of_ours(gateway, new_database, tenant_of, key) -> None:
    """Before anybody asked for the customer, as after it."""
    Tenant.objects.create(pk=key, slug="ours")
    tenant_of("ours", production=new_database(SQLITE, NOTES.format("ours"), "ours"))

    assert gateway.query("/t/ours/graphql", QUERY).data == {"note": [{"text": "ours"}]}
    for _ in range(2):
        answer = gateway.query(f"/t/{key}/graphql", QUERY)
        if key == 701:
            assert answer.data == {"note": [{"text": "of 701"}]}
        else:
            assert answer.code == "TENANT_NOT_FOUND"


def test_customers_of_one_domain_name_are_kept_apart(gateway, central) -> None:
    """The slug is the first's; neither gets the other's rows, whoever was asked for last."""
    execute(
        central.url, "UPDATE customer SET domain_name = 'one.example.com' WHERE customer_id = 702"
    )
    for _ in range(2):
        for key in (701, 702):
            assert gateway.query(f"/t/{key}/graphql", QUERY).data == {
                "note": [{"text": f"of {key}"}]
            }
        gateway.controller.follow()
    slugs = dict(Tenant.objects.values_list("external_id", "slug"))
    assert slugs == {"701": "one-example-com", "702": "customer-702"}


def test_a_domain_name_is_the_active_customers(gateway, central) -> None:
    """Whoever had it before may still be in the table, with a lower id."""
    execute(
        central.url,
        (
            "UPDATE customer SET domain_name = 'two.example.com', is_active = NOT is_active "
            "WHERE customer_id <> 702"
        ),
    )
    execute(central.url, "UPDATE customer SET is_active = NOT is_active WHERE customer_id = 703")

    answer = gateway.query("/graphql", QUERY, host="two.example.com")
    assert answer.data == {"note": [{"text": "of 702"}]}


def test_a_customer_takes_no_tenant_of_ours(gateway, new_database, tenant_of) -> None:
    tenant_of("one-example-com", production=new_database(SQLITE, NOTES.format("ours"), "ours"))

    assert gateway.query("/t/701/graphql", QUERY).data == {"note": [{"text": "of 701"}]}
    assert gateway.query("/t/one-example-com/graphql", QUERY).data == {"note": [{"text": "ours"}]}


def test_a_customer_without_a_connection_is_served_nothing(gateway, central) -> None:
    gateway.query("/t/701/graphql", QUERY).data  # noqa: B018 - raises where refused
    execute(central.url, "UPDATE customer SET conn = NULL WHERE customer_id IN (701, 702)")
    gateway.controller.follow()
    for key in (701, 702):
        assert gateway.query(f"/t/{key}/graphql", QUERY).code == "TENANT_NOT_FOUND"


def test_a_customer_that_comes_is_found_soon(gateway, central, vendor) -> None:
    assert gateway.query("/t/703/graphql", QUERY).code == "TENANT_NOT_FOUND"
    execute(
        central.url,
        (
            f"UPDATE customer SET is_active = {'1' if vendor is SQLITE else 'true'} "
            "WHERE customer_id = 703"
        ),
    )

    def is_served() -> bool:
        return "errors" not in gateway.query("/t/703/graphql", QUERY).json

    wait_for(is_served, seconds=5)


def test_nothing_changes_where_nothing_changed(gateway) -> None:
    gateway.query("/t/701/graphql", QUERY).data  # noqa: B018 - raises where refused
    before = list(Database.objects.values_list("pk", "revision"))
    gateway.controller.follow()

    assert list(Database.objects.values_list("pk", "revision")) == before


def test_what_is_settled_takes_no_query_of_its_own(gateway, central) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            gateway.controller.follow()
        return len(found)

    gateway.query("/t/701/graphql", QUERY).data  # noqa: B018 - raises where refused
    queries()
    for_one = queries()
    gateway.query("/t/702/graphql", QUERY).data  # noqa: B018 - raises where refused
    assert queries() > for_one  # what was found a moment ago is compared once
    assert queries() == for_one


def test_what_is_edited_here_is_put_right_again(gateway) -> None:
    """The table of customers says what is so, whoever saves something else here."""
    gateway.query("/t/701/graphql", QUERY).data  # noqa: B018 - raises where refused
    gateway.controller.follow()
    tenant = Tenant.objects.get(external_id="701")
    database = tenant.attachments.get().database
    tenant.name, tenant.active = "Renamed", False
    tenant.save()
    database.unregister()
    gateway.controller.follow()

    tenant.refresh_from_db()
    database.refresh_from_db()
    assert (tenant.name, tenant.active, database.enabled) == ("Customer 701", True, True)
    assert gateway.query("/t/701/graphql", QUERY).data == {"note": [{"text": "of 701"}]}


def test_a_row_that_is_refused_is_told_of_once(gateway, central, caplog) -> None:
    gateway.query("/t/701/graphql", QUERY).data  # noqa: B018 - raises where refused
    execute(central.url, "UPDATE customer SET conn = 'Serve=typo' WHERE customer_id = 701")
    for _ in range(3):
        gateway.controller.follow()
    assert len([record for record in caplog.records if "refused" in record.message]) == 1


@pytest.mark.usefixtures("transactional_db")
def test_a_table_that_does_not_answer_keeps_nobody_from_what_was_revoked(gateway_with) -> None:
    url = make_url(present(POSTGRESQL), CUSTOMERS)
    where = {"database": "central", "table": "customer", "id": "customer_id", "connection": "conn"}
    gateway = gateway_with(
        GATEWAY_CONTROLLER=json.dumps(where),
        GATEWAY_CONTROLLER_CHECK_SECONDS="0.1",
        GATEWAY_POLL_SECONDS="0.1",
        GATEWAY_DEADLINE_MS="60000",
    )
    token = gateway.command_all(
        ("database", "add", "central", url),
        ("tenant", "add", "acme"),
        ("token", "create", "acme", "--role", "admin"),
    )[-1]
    operator = gateway.operator
    execute(url, f"INSERT INTO customer (customer_id, conn) VALUES (1, '{url}')")
    answer = gateway.ask("/t/1/graphql", "{ customer { customerId } }", operator).json()
    assert answer == {"data": {"customer": [{"customerId": 1}]}}
    with psycopg.connect(url) as held:
        held.execute("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE")
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE relation = 'customer'::regclass AND NOT granted"
        )
        wait_for(lambda: held.execute(waiting).fetchone() != (0,), seconds=10)
        gateway.manage("token", "revoke", token[:12])
        wait_for(
            lambda: gateway.ask("/graphql", "{ __typename }", token).status_code == 401, seconds=10
        )
        assert held.execute(waiting).fetchone() != (0,)
    gateway.stop()
    drop_database(url)


@pytest.mark.usefixtures("transactional_db")
def test_a_customer_that_many_ask_for_at_once_is_stored_once(gateway_with) -> None:
    """In two processes, which know nothing of each other but by the control database."""
    control, url = make_url(present(POSTGRESQL), ""), make_url(present(POSTGRESQL), CUSTOMERS)
    where = {"database": "central", "table": "customer", "id": "customer_id", "connection": "conn"}
    gateway = gateway_with(
        workers=2, GATEWAY_CONTROLLER=json.dumps(where), GATEWAY_CONTROL_DATABASE_URL=control
    )
    gateway.manage("database", "add", "central", url)
    operator = gateway.operator
    keys = range(1001, 1013)
    for key in keys:
        execute(url, f"INSERT INTO customer (customer_id, conn) VALUES ({key}, '{url}')")

    def ask(key: int) -> object:
        return gateway.ask(
            f"/t/{key}/graphql", "{ customer(limit: 1) { customerId } }", operator
        ).json()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [key for key in keys for _ in range(8)]))
    assert [one for one in answers if one != {"data": {"customer": [{"customerId": 1001}]}}] == []
    gateway.stop()
    with psycopg.connect(control) as connected:
        stored = connected.execute("SELECT external_id FROM tenants_tenant ORDER BY 1").fetchall()
    assert stored == [(str(key),) for key in keys]
    for one in (url, control):
        drop_database(one)


def test_a_bad_connection_string_is_refused_and_told_to_the_operator(
    gateway, central, caplog
) -> None:
    execute(
        central.url, "UPDATE customer SET conn = 'Serve=typo;Database=x' WHERE customer_id = 701"
    )

    assert gateway.query("/t/701/graphql", QUERY).code == "TENANT_NOT_FOUND"
    assert any("refused" in record.message for record in caplog.records)


def test_sql_server_strings_take_the_templates_options(transactional_db) -> None:
    from tenants.provisioning import TenantRecord, upsert_tenant  # noqa: PLC0415 - used once

    text = "Server=tcp:db.example,1433;Initial Catalog=crm;User ID=sa;Password={a;b}}c};Encrypt=yes"
    template = {"OPTIONS": {"connection_timeout": 7}, "TIME_ZONE": None}
    upsert_tenant(TenantRecord("shop", text, external_id="9", template=template))

    config = Database.objects.get().config
    assert config["HOST"] == "db.example" and config["OPTIONS"]["connection_timeout"] == 7
    assert "a;b}c" not in json.dumps(config)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is no JSON"),
        ("[]", "must be a JSON object of"),
        ('{"database": "central"}', "connection, database, id, table"),
        (
            '{"database": "c", "table": "t", "id": "i", "connection": "x", "colour": "red"}',
            "may hold",
        ),
    ],
)
def test_a_wrong_setting_is_told_at_start(text, words) -> None:
    with pytest.raises(InvalidSetting, match="GATEWAY_CONTROLLER") as refused:
        load_config(
            {"GATEWAY_CONTROLLER": text, "GATEWAY_DATA_DIR": str(settings.GATEWAY.data_dir)}
        )
    assert words in str(refused.value)
