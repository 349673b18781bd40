"""`manage.py tenant import FILE`: a thousand at once, again without change, refusals by line."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dynamic_databases.models import Baseline, Database
from tenants.models import Tenant

HEAD = "slug,name,domains,environment,connection,active,baseline\n"


def load(path, *more: str) -> tuple[str, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("tenant", "import", str(path), *more, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), ""


def lines(count: int) -> str:
    return HEAD + "".join(
        (
            f"t{i},Tenant {i},t{i}.example.com www.t{i}.example.com,production,postgresql://"
            f"u:secret{i}@db{i}.example/crm,1,\n"
        )
        for i in range(count)
    )


def test_a_thousand_tenants_and_again(transactional_db, tmp_path) -> None:
    path = tmp_path / "tenants.csv"
    path.write_text(lines(1000))

    assert load(path)[0] == "1000 added, 0 changed, 0 unchanged, 0 refused\n"
    revisions = list(Database.objects.values_list("name", "revision"))
    assert load(path)[0] == "0 added, 0 changed, 1000 unchanged, 0 refused\n"
    assert list(Database.objects.values_list("name", "revision")) == revisions
    row = Tenant.objects.get(slug="t7")
    assert (row.name, row.domains) == ("Tenant 7", ["t7.example.com", "www.t7.example.com"])
    assert row.attachments.get().database.name == "t7_production"
    assert "secret7" not in json.dumps(row.attachments.get().database.config)


def test_what_changed_is_changed_alone(transactional_db, tmp_path) -> None:
    path = tmp_path / "tenants.csv"
    path.write_text(lines(3))
    load(path)
    path.write_text(lines(3).replace("secret1", "other").replace("Tenant 2", "Tenant Two"))

    assert load(path)[0] == "0 added, 2 changed, 1 unchanged, 0 refused\n"
    assert list(Database.objects.order_by("name").values_list("revision", flat=True)) == [1, 2, 1]


def test_json_lines_with_several_environments(transactional_db, tmp_path) -> None:
    path = tmp_path / "tenants.jsonl"
    Baseline.objects.create(name="crm", catalog_json={"vendor": "postgresql", "tables": []})
    rows = [
        {
            "slug": "acme",
            "connection": "postgresql://u@a/x",
            "domains": ["acme.example.com"],
            "baseline": "crm",
        },
        {
            "slug": "acme",
            "connection": "Server=db;Database=x;User ID=u;Password=p",
            "environment": "testing",
        },
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))

    found = json.loads(load(path, "--json")[0])
    assert (found["added"], found["changed"], found["refused"]) == (1, 1, [])
    databases = {a.environment.name: a.database for a in Tenant.objects.get().attachments.all()}
    assert databases["testing"].config["ENGINE"] == "mssql"
    assert str(databases["production"].baseline) == "crm@1"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",x,,production,postgresql://u@a/x,1,", "slug is empty"),
        ("UPPER,x,,production,postgresql://u@a/x,1,", "use a-z"),
        ("a,x,,production,ftp://u@a/x,1,", "ftp:// is not known"),
        ("a,x,,production,Serve=typo,1,", "Serve"),
        ("a,x,,production,sqlite:////etc/passwd,1,", "NAME"),
        ("a,x,,production,postgresql://u@a/x,maybe,", "neither 1 nor 0"),
        ("a,x,,production,postgresql://u@a/x,1,nosuch", "no baseline nosuch"),
        ("a,x,,production,postgresql://u@a/x", "more or fewer fields"),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_done(
    transactional_db, tmp_path, line, words
) -> None:
    path = tmp_path / "tenants.csv"
    path.write_text(f"{HEAD}{line}\ngood,Good,,production,postgresql://u@a/x,1,\n")

    out, err, error = load(path)
    assert "1 added" in out and "1 refused" in out
    assert err.startswith("line 2: ") and words in err
    assert "1 lines were refused" in error
    assert [row.slug for row in Tenant.objects.all()] == ["good"]
    assert Database.objects.count() == 1


def test_a_wrong_head_is_told(transactional_db, tmp_path) -> None:
    path = tmp_path / "tenants.csv"
    path.write_text("slug,colour\na,red\n")

    assert "unknown: colour; missing: connection; the fields are slug, name" in load(path)[2]
    assert "No such file" in load(tmp_path / "nosuch.csv")[2]


@pytest.mark.parametrize("field", ["slug", "database"])
def test_no_line_leads_another_tenants_database_elsewhere(
    transactional_db, tmp_path, field
) -> None:
    """Another tenant gets a slug that was given up: the database's name is the old tenant's."""
    path = tmp_path / "tenants.csv"
    path.write_text(lines(1))
    load(path)
    Tenant.objects.filter(slug="t0").update(slug="old")
    connection, names = "postgresql://u:p@elsewhere.example/crm", {"slug": "t0", "database": "new"}
    database = "t0_production" if field == "database" else ""
    path.write_text(f"slug,database,connection\n{names[field]},{database},{connection}\n")

    said, refused, _ = load(path)

    assert said == "0 added, 0 changed, 0 unchanged, 1 refused\n"
    assert "old production: t0_production" in refused
    database = Tenant.objects.get(slug="old").attachments.get().database
    assert database.config["HOST"] == "db0.example"
    assert not Tenant.objects.filter(slug=names[field]).exists()
