"""The parts of the benchmark of transfers."""
