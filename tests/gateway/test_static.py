"""Static files: collected ones are hashed, compressed and cached; others are revalidated."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.fixtures.processes import Gateway, clean_environment

SCRIPT = "/static/graphiql/graphiql.js"


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("collected")
    found = Gateway(folder, clean_environment(GATEWAY_DATA_DIR=str(folder)))
    found.migrate()
    found.manage("collectstatic", "--noinput", "--verbosity", "0")
    found.start()
    yield found
    found.stop()


def page_script(gateway: Gateway) -> str:
    page = httpx.get(f"{gateway.url}/graphql", headers={"accept": "text/html"}).text
    styles = re.search(r'href="(/static/graphiql/graphiql[^"]*\.css)"', page)
    assert styles
    assert httpx.get(gateway.url + styles[1]).status_code == 200
    script = re.search(r'src="(/static/graphiql/graphiql[^"]*\.js)"', page)
    assert script
    return script[1]


def test_hashed_names_are_kept_for_ever(collected) -> None:
    name = page_script(collected)
    assert re.fullmatch(r"/static/graphiql/graphiql\.[0-9a-f]{12}\.js", name)
    hashed = httpx.get(collected.url + name)
    plain = httpx.get(collected.url + SCRIPT)

    assert "immutable" in hashed.headers["cache-control"]
    assert plain.headers["cache-control"] == "max-age=0, public"
    assert len(plain.content) > 5_000_000
    login = httpx.get(f"{collected.url}/admin/login/").text
    (styles,) = re.findall(r"/static/admin/css/login\.[0-9a-f]{12}\.css", login)
    assert "immutable" in httpx.get(collected.url + styles).headers["cache-control"]


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("br, gzip", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
    ],
)
def test_compressed_beforehand(collected, accept: str, encoding: str | None) -> None:
    url = collected.url + page_script(collected)
    with httpx.stream("GET", url, headers={"accept-encoding": accept}) as answer:
        size = sum(map(len, answer.iter_raw()))
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert size == int(answer.headers["content-length"])
    assert (size < 1_700_000) is (encoding is not None)


@pytest.mark.parametrize("served", ["collected", "demo_gateway"])
def test_conditions_ranges_and_methods(request, served: str) -> None:
    gateway = request.getfixturevalue(served)
    url = gateway.url + SCRIPT
    whole = httpx.get(url, headers={"accept-encoding": "identity"})
    same = httpx.get(url, headers={"if-none-match": whole.headers["etag"]})
    part = httpx.get(url, headers={"range": "bytes=10-19", "accept-encoding": "identity"})
    beyond = httpx.get(url, headers={"range": "bytes=99999999-", "accept-encoding": "identity"})
    head = httpx.head(url, headers={"accept-encoding": "identity"})

    assert (same.status_code, same.content) == (304, b"")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert beyond.status_code == 416
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(whole.content)
    assert httpx.post(url).status_code == 405
    for answer in (whole, same, part):
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_uncollected_files_are_asked_for_again(demo_gateway) -> None:
    assert page_script(demo_gateway) == SCRIPT
    answer = httpx.get(demo_gateway.url + SCRIPT)
    assert answer.headers["cache-control"] == "max-age=0, public"


def test_many_at_a_time(collected) -> None:
    url = collected.url + SCRIPT
    with ThreadPoolExecutor(8) as pool:
        sizes = set(pool.map(lambda _: len(httpx.get(url).content), range(24)))
    assert len(sizes) == 1


def test_a_browser_loads_graphiql_once(collected, page) -> None:
    """The second visit takes the script from its cache; workers and fonts are there as well."""
    failed, fetched = [], []
    # The second visit cuts off what the first one's workers were still loading.
    page.on(
        "requestfailed",
        lambda asked: "ABORTED" in asked.failure or failed.append((asked.url, asked.failure)),
    )
    page.on("response", lambda answer: answer.status >= 400 and failed.append((answer.url, "")))
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.on("Network.requestServedFromCache", lambda _: fetched.append("cache"))
    for _ in range(2):
        page.goto(f"{collected.url}/graphql")
        page.wait_for_selector(".graphiql-query-editor .view-lines")
        page.wait_for_load_state("networkidle")
    ours = [(url, why) for url, why in failed if "/static/" in url]

    assert ours == []
    assert fetched
