"""Benchmarks: `make bench` loads the data, then measures each contender in turn and compares."""
