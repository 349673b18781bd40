"""The layout is the architecture: contracts, budgets, and the names that others rely on."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "tenants", "schema", "dynamic_databases")
MODULES = [
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
]
SOURCES = {path: path.read_text() for path in MODULES}
FORBIDDEN = {"utils", "helpers", "common", "base", "misc", "core", "manager", "managers", "service"}


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
    assert [path for path in MODULES if path.stem in FORBIDDEN] == []


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
        ("schema.built", ["BuiltSchema"]),
        ("schema.access", ["Access"]),
    ],
)
def test_public_names(module: str, names: list[str]) -> None:
    found = importlib.import_module(module)

    assert all(hasattr(found, name) for name in names)
