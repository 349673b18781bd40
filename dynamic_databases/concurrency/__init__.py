"""Threads and memory of one process: standard library only, below everything else."""
