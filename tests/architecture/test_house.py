"""The layout is the architecture: contracts, budgets, and the names that others rely on."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "tenants", "schema", "dynamic_databases")
MODULES = [
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
]
SOURCES = {path: path.read_text() for path in MODULES}
FORBIDDEN = {
    "utils",
    "helpers",
    "common",
    "base",
    "misc",
    "core",
    "manager",
    "managers",
    "service",
    "services",
}


def functions() -> list[tuple[str, int]]:
    return [
        (f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for path, text in SOURCES.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_import_contracts() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stdout


def test_modules_keep_their_budget() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(text.splitlines())
        for path, text in SOURCES.items()
        if text.strip()
    }

    assert statistics.median(sizes.values()) <= 120
    assert [name for name, size in sizes.items() if size > 500] == []


def test_functions_keep_their_budget() -> None:
    sizes = functions()

    assert statistics.median(size for _, size in sizes) <= 12
    assert [name for name, size in sizes if size > 60] == []


def test_no_module_is_named_for_nothing() -> None:
    named = [path for path in MODULES if path.stem in FORBIDDEN]
    # Django imports `base` of a database backend (`django.db.utils.load_backend`).
    assert [str(path.relative_to(ROOT)) for path in named] == ["gateway/control/postgresql/base.py"]


def test_no_test_replaces_a_real_part() -> None:
    words = ("unittest." + "mock", "Magic" + "Mock")

    assert [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if any(word in path.read_text() for word in words)
    ] == []


def test_nobody_else_owns_our_top_level_names() -> None:
    owners = importlib.metadata.packages_distributions()

    assert {name: owners[name] for name in (*PACKAGES, "tests") if name in owners} == {}


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("dynamic_databases.aliases", ["DatabaseAliases"]),
        ("dynamic_databases.router", ["DynamicDatabasesRouter"]),
        ("dynamic_databases.dynamic_model", ["DynamicSchemaModel"]),
        ("dynamic_databases.models", ["Database", "Baseline"]),
        ("dynamic_databases.active", ["use_database"]),
        ("dynamic_databases.errors", ["NoActiveDatabase", "EditConflict", "InvalidConfig"]),
        (
            "dynamic_databases.catalog.types",
            ["Catalog", "Table", "Column", "ForeignKey", "UniqueKey"],
        ),
        (
            "tenants.models",
            ["Tenant", "Environment", "TenantDatabase", "ApiToken", "Role", "TablePermission"],
        ),
        ("schema.built_schema", ["BuiltSchema"]),
        ("schema.access", ["Access"]),
        ("schema.build.cache", ["SchemaCache"]),
        ("gateway.http", ["GraphQLRequest"]),
    ],
)
def test_public_names(module: str, names: list[str]) -> None:
    found = importlib.import_module(module)

    assert all(hasattr(found, name) for name in names)


def test_most_modules_and_functions_are_small() -> None:
    """The budgets above bound medians and extremes; these bound the tenth that is largest."""
    modules = [len(text.splitlines()) for text in SOURCES.values() if text.strip()]

    assert statistics.quantiles(modules, n=10)[-1] <= 300
    assert statistics.quantiles([size for _, size in functions()], n=10)[-1] <= 30


def dotted(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def imports_of(text: str) -> set[str]:
    """Return the names that a module imports, each also as a member of where it comes from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def sleeps(text: str) -> bool:
    """Return whether a module names a `sleep`, called or handed on."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "sleep")
        or (isinstance(node, ast.ImportFrom) and any(a.name == "sleep" for a in node.names))
        for node in ast.walk(ast.parse(text))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import time\ntime.sleep(1)", True),
        ("from time import sleep", True),
        ("import time\ndef f(pause=time.sleep): ...", True),
        ("import time\ntime.monotonic()", False),
    ],
)
def test_a_sleep_is_seen(text: str, expected: bool) -> None:
    assert sleeps(text) is expected


def test_no_pure_module_reaches_one_that_sleeps() -> None:
    modules = {dotted(path): text for path, text in SOURCES.items()}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    pure = next(c for c in contracts["contracts"] if c["id"] == "pure")["source_modules"]
    waiting = [m for m in modules if any(m == p or m.startswith(f"{p}.") for p in pure)]
    reached: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += imports_of(modules[module]) & modules.keys()

    assert set(pure) <= modules.keys()
    assert sorted(module for module in reached if sleeps(modules[module])) == []


# Words of our own where the field has a term.
BANNED = re.compile(r"\b(told|anew|beside|whoever|portable way)\b", re.IGNORECASE)
PROSE = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *(ROOT / "docs").rglob("*.md"),
    *MODULES,
]
CODE = re.compile(r"`[^`]*`")


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_prose_keeps_to_the_words_of_the_field(path: Path) -> None:
    lines = path.read_text().splitlines()

    assert [
        f"{n}: {line}" for n, line in enumerate(lines, 1) if BANNED.search(CODE.sub("", line))
    ] == []


# How often tests use a private attribute of another object; the number may only fall.
PRIVATE_READS = 46
PUBLIC_ALL_THE_SAME = {"_meta", "_state", "_replace", "_base_manager"}  # documented by their owners


def private_reads(tree: ast.AST) -> list[str]:
    """Return the private attributes of other objects that a module of tests uses."""
    return [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in PUBLIC_ALL_THE_SAME
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]


def test_tests_go_by_public_ways() -> None:
    files = [*(ROOT / "tests").rglob("*.py")]
    found = {
        str(path.relative_to(ROOT)): reads
        for path in files
        if (reads := private_reads(ast.parse(path.read_text())))
    }

    assert sum(map(len, found.values())) <= PRIVATE_READS, found


VENDORS = {"sqlite", "postgresql", "mysql", "mariadb", "microsoft", "mssql"}
# Where a vendor's name may be compared. Everywhere else a table names a module per vendor.
COMPARING = {
    "gateway/settings.py",  # the control database's engine
    "schema/sql/compile_reads.py",  # the parser's stack of SQLite
}


def names_vendor(node: ast.expr | ast.pattern) -> bool:
    return any(isinstance(n, ast.Constant) and n.value in VENDORS for n in ast.walk(node))


def compares_vendor(node: ast.AST) -> bool:
    """Return whether code goes one way or another by a vendor's name."""
    match node:
        case ast.Compare():
            return any(names_vendor(part) for part in (node.left, *node.comparators))
        case ast.match_case():
            return names_vendor(node.pattern)
        case ast.Call(func=ast.Attribute(attr="startswith" | "endswith")):
            return any(names_vendor(argument) for argument in node.args)
        case _:
            return False


def test_a_vendors_name_is_compared_nowhere() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path, text in SOURCES.items()
        if any(compares_vendor(node) for node in ast.walk(ast.parse(text)))
    }

    assert found == COMPARING


@pytest.mark.parametrize(
    "code",
    [
        'if wrapper.vendor == "sqlite": ...',
        'vendor not in ("mysql", "sqlite")',
        'match vendor:\n    case "mysql" | "mariadb": ...',
        'engine.endswith("postgresql")',
    ],
)
def test_a_comparison_is_found(code: str) -> None:
    assert any(compares_vendor(node) for node in ast.walk(ast.parse(code)))


def text_aliases(text: str) -> list[str]:
    """Return the parameters and fields that hold a database's alias and are typed as text."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                pass
            case ast.AnnAssign(
                target=ast.Name(id=name) | ast.Attribute(attr=name), annotation=annotation
            ):
                pass
            case _:
                continue
        types = {part.id for part in ast.walk(annotation) if isinstance(part, ast.Name)}
        if name in ("alias", "_alias", "database_alias") and "str" in types:
            found.append(f"{node.lineno}: {name}")
    return found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def forget(alias: str) -> None: ...", ["1: alias"]),
        ("async def forget(self, *, _alias: str | None = None): ...", ["1: _alias"]),
        ("class Entry:\n    database_alias: ClassVar[str | None]", ["2: database_alias"]),
        ("def __init__(self, alias):\n    self._alias: str = alias", ["2: _alias"]),
        ("def forget(alias: Alias, name: str, pk_of: Callable[[Alias], int]) -> str: ...", []),
    ],
)
def test_an_alias_as_text_is_found(code: str, expected: list[str]) -> None:
    assert text_aliases(code) == expected


def test_an_alias_is_typed_as_one() -> None:
    """In SQL an alias is a table's, which is text."""
    found = {
        str(path.relative_to(ROOT)): aliases
        for path, text in SOURCES.items()
        if ROOT / "schema" / "sql" not in path.parents and (aliases := text_aliases(text))
    }

    assert found == {}
