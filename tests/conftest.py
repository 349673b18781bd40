pytest_plugins = (
    "tests.fixtures.control",
    "tests.fixtures.vendors",
    "tests.fixtures.databases",
    "tests.fixtures.statements",
    "tests.fixtures.doors",
    "tests.fixtures.processes",
)
