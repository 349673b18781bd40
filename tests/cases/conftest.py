def pytest_addoption(parser) -> None:
    parser.addoption(
        "--golden",
        choices=["compare", "write"],
        default="compare",
        help="write the golden files anew",
    )
