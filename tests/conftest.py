pytest_plugins = (
    "tests.fixtures.control",
    "tests.fixtures.vendors",
    "tests.fixtures.databases",
    "tests.fixtures.statements",
    "tests.fixtures.doors",
    "tests.fixtures.processes",
    "tests.fixtures.browser",
    "tests.fixtures.proxy",
    "tests.fixtures.redis",
    "tests.fixtures.golden",
    "tests.fixtures.stand_in",
)
