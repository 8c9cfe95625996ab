"""The parts of `benchmarks/end_to_end.py`: far end, plain script and our own code, each a process of its own."""
