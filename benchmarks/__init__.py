"""Benchmarks: `make bench` builds the data, starts each contender, loads them in turn, prints ratios."""
