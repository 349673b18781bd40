"""Every limit is on, is a setting, may be a tenant's own, and names itself when it refuses."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.config import load_config
from gateway.limits import LimitsOfTenants
from tenants.authentication.tokens import issue_token
from tenants.limits import NAMES, check_limits
from tenants.models import Role, TablePermission
from tests.fixtures.vendors import on_sqlite

NESTED = "{ artist { albums { tracks { name } } } }"
SMALL = "{ track(limit: 1) { name } }"

# setting, its figure, a document that is above it, one that is not
REFUSED = [
    (
        "max_tokens",
        20,
        (
            "{ track { name name name name name name name name name name name name name name "
            "name name name } }"
        ),
        SMALL,
    ),
    ("max_comments", 2, "#\n#\n#\n{ track { name } }", "#\n#\n{ track { name } }"),
    (
        "max_directives",
        2,
        "{ track { name @skip(if: false) @include(if: true) trackId @skip(if: false) } }",
        SMALL,
    ),
    ("max_depth", 2, NESTED, SMALL),
    ("max_aliases", 2, "{ track { a: name b: name c: name } }", "{ track { a: name b: name } }"),
    ("max_root_fields", 2, "{ a: track { name } b: track { name } c: track { name } }", SMALL),
    ("max_cost", 50, "{ track(limit: 51) { name } }", "{ track(limit: 50) { name } }"),
    (
        "max_cost",
        1000,
        NESTED,
        "{ artist(limit: 3) { albums(limit: 3) { tracks(limit: 3) { name } } } }",
    ),
    (
        "max_cost",
        10,
        "{ trackAggregate { nodes { name } } }",
        "{ trackAggregate { aggregate { count } } }",
    ),
    (
        "max_cost",
        10,
        "{ trackConnection(first: 20) { edges { node { name } } } }",
        "{ trackConnection(first: 5) { edges { node { name } } } }",
    ),
    (
        "max_cost",
        10,
        "{ trackGroupBy(by: [albumId]) { keys { albumId } } }",
        "{ trackGroupBy(by: [albumId], limit: 10) { keys { albumId } } }",
    ),
    ("max_rows", 5, "{ track(limit: 6) { name } }", "{ track(limit: 5) { name } }"),
    (
        "max_input_depth",
        4,
        '{ track(where: {_and: {_and: {_and: {name: {_eq: "x"}}}}}) { name } }',
        SMALL,
    ),
    (
        "answer_limit_bytes",
        40,
        "{ track { name trackId albumId } }",
        "{ track(limit: 1) { trackId } }",
    ),
]
IDS = [f"{name}-{figure}-{number}" for number, (name, figure, *_) in enumerate(REFUSED)]


@pytest.mark.parametrize(("name", "figure", "above", "below"), REFUSED, ids=IDS)
def test_a_limit_of_the_gateway(music_with, name: str, figure: int, above: str, below: str) -> None:
    music = music_with(**{name: figure})

    refused = music.query("/t/music/graphql", above)
    assert refused.code == "QUERY_TOO_COMPLEX", refused.json
    assert f"GATEWAY_{name.upper()}" in refused.error["message"]
    assert f"{figure:,}" in refused.error["message"]
    assert "data" in music.query("/t/music/graphql", below).json


@pytest.mark.parametrize(("name", "figure", "above", "below"), REFUSED, ids=IDS)
@on_sqlite
def test_a_limit_of_the_tenants_own(
    music, tenant_of, name: str, figure: int, above: str, below: str
) -> None:
    assert "data" in music.query("/t/music/graphql", above).json
    tenant, _ = tenant_of("music")
    tenant.limits = {name: figure}
    tenant.full_clean()
    tenant.save()

    assert music.query("/t/music/graphql", above).code == "QUERY_TOO_COMPLEX"
    assert "data" in music.query("/t/music/graphql", below).json


@pytest.mark.parametrize(("name", "figure", "above", "below"), REFUSED, ids=IDS)
@on_sqlite
def test_a_limit_of_a_role(
    music, tenant_of, name: str, figure: int, above: str, below: str
) -> None:
    tenant, _ = tenant_of("music")
    role = Role.objects.create(name="reader", limits={name: figure})
    TablePermission.objects.create(role=role, table="*", select_columns=["*"])
    reader = f"Bearer {issue_token(tenant, 'reader', None, None)}"

    def is_refused(document: str) -> bool:
        answer = music.query("/t/music/graphql", document, authorization=reader).json
        return "QUERY_TOO_COMPLEX" in json.dumps(answer)

    assert is_refused(above)
    assert not is_refused(below)
    assert "data" in music.query("/t/music/graphql", above).json  # the admin's


def test_of_a_tenants_and_a_roles_limit_the_lower_one_holds() -> None:
    limits = LimitsOfTenants(load_config({"GATEWAY_SECRET_KEY": "x" * 50}))
    for tenant, role, depth in ((5, 7, 5), (7, 5, 5), (7, None, 7), (None, 5, 5), (None, 99, 12)):
        own = () if tenant is None else (("max_depth", tenant),)
        of_role = () if role is None else (("max_depth", role),)
        assert limits.of(own, of_role).operation.max_depth == depth
    assert limits.of((), (("requests_per_second", 3),)).requests_per_second == 3
    assert limits.of((), (("max_rows", 10),)).operation.default_rows == 10


def test_the_cost_counts_with_the_variables_of_each_request(music_with) -> None:
    music = music_with(max_cost=100)
    query = "query($n: Int, $m: Int) { artist(limit: $n) { albums(limit: $m) { title } } }"

    def ask(n: int | None, m: int | None):
        return music.query("/t/music/graphql", query, {"n": n, "m": m})

    assert "data" in ask(9, 10).json
    assert ask(10, 10).code == "QUERY_TOO_COMPLEX"
    assert "110 rows" in ask(10, 10).error["message"]
    assert ask(None, 10).code == "QUERY_TOO_COMPLEX"
    assert "data" in ask(9, 10).json


def test_a_mutation_whose_answer_is_too_large_is_refused_and_undone(music_with) -> None:
    music = music_with(answer_limit_bytes=1000)
    mutation = (
        "mutation($n: String!) { updateTrackByPk(pkColumns: {trackId: 1}, "
        "_set: {name: $n}) { name } }"
    )

    assert music.query("/t/music/graphql", mutation, {"n": "n" * 190}).data
    again = " ".join(f"q{n}: trackByPk(trackId: 1) {{ name }}" for n in range(9))
    assert music.query("/t/music/graphql", f"query {{ {again} }}").code == "QUERY_TOO_COMPLEX"
    twice = "".join(
        (
            f'm{n}: updateTrackByPk(pkColumns: {{trackId: 1}}, _set: {{name: "{n}"}}) '
            f"{{ {' '.join(f'a{i}: name' for i in range(20))} }} "
        )
        for n in ("x" * 30, "y" * 30)
    )
    refused = music.query("/t/music/graphql", f"mutation {{ {twice} }}")
    assert refused.code == "QUERY_TOO_COMPLEX", refused.json
    assert "limit:" in refused.error["message"]
    name = music.query("/t/music/graphql", "{ trackByPk(trackId: 1) { name } }").data["trackByPk"]
    assert name == {"name": "n" * 190}


@on_sqlite
def test_errors_are_counted_up_to_a_number(music_with) -> None:
    music = music_with(max_errors=3)
    fields = " ".join(f"nope{number}" for number in range(50))

    errors = music.query("/t/music/graphql", f"{{ track {{ {fields} }} }}").json["errors"]
    assert len(errors) == 4
    assert "limit" in errors[-1]["message"]


@on_sqlite
def test_a_body_above_the_tenants_own_maximum(music, tenant_of) -> None:
    tenant, _ = tenant_of("music")
    tenant.limits = {"body_limit_bytes": 2000}
    tenant.save()

    refused = music.query("/t/music/graphql", SMALL + " " * 2000)
    assert (refused.status, "2000 bytes" in refused.error["message"]) == (413, True)
    assert music.query("/t/music/graphql", SMALL).data


@on_sqlite
def test_requests_per_second_of_a_token(music_with) -> None:
    music = music_with(requests_per_second=5)
    replies = [music.query("/t/music/graphql", SMALL) for _ in range(40)]

    refused = [reply for reply in replies if reply.status == 429]
    assert len(refused) >= 15  # however slow this is: five a second are served
    assert refused[0].code == "OVERLOADED"
    assert refused[0].headers["retry-after"] == "1"
    assert "GATEWAY_REQUESTS_PER_SECOND" in refused[0].error["message"]
    assert refused[0].error["extensions"]["retryable"] is True


def test_requests_of_one_tenant_at_a_time(music_with, vendor) -> None:
    music = music_with(tenant_requests=2)
    gate = threading.Barrier(12)

    def ask(_: int):
        gate.wait()
        return music.query(
            "/t/music/graphql", "{ artist { name albums { title tracks { name } } } }"
        )

    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(ask, range(12)))
    served = [reply for reply in replies if reply.status == 200]
    refused = [reply for reply in replies if reply.status != 200]
    assert served
    assert {reply.code for reply in refused} <= {"OVERLOADED"}
    assert music.query("/t/music/graphql", SMALL).data


def test_every_limit_may_be_a_tenants_own(tmp_path) -> None:
    config = load_config({"GATEWAY_DATA_DIR": str(tmp_path)})
    default = LimitsOfTenants(config).default

    for name in NAMES:
        assert hasattr(config, name)
        own = LimitsOfTenants(config).of(((name, 7),))
        assert own != default, name


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ([], "object"),
        ({"max_rowz": 5}, "max_rowz"),
        ({"max_rows": 0}, "max_rows"),
        ({"max_rows": True}, "max_rows"),
        ({"max_rows": "5"}, "max_rows"),
        ({"max_rows": 10**13}, "max_rows"),
        ({"introspection": 1}, "introspection"),
    ],
    ids=json.dumps,
)
def test_limits_that_are_none(given: object, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        check_limits(given)


@on_sqlite
def test_limits_that_were_stored_wrong_stop_nobody(music, tenant_of) -> None:
    """Saved past the check: they are left out, for that tenant and no other."""
    tenant, _ = tenant_of("other")
    tenant.limits = {"max_rowz": 5}
    tenant.save()

    assert music.query("/t/music/graphql", SMALL).data
