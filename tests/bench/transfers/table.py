"""What was measured, as lines to print: a table for each workload, and its targets."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

from transfers.measuring import Cost
from transfers.workloads import MIB, Workload

#: Of each tool's runs, in the order in which they were made; Galion's are the first.
Runs = Mapping[str, Sequence[Cost]]
#: MiB at the peak, whatever the size.
MEMORY = 150


def lines(workload: Workload, runs: Runs) -> Iterator[str]:
    """The table and the targets; tools without a run failed."""
    size = f"{workload.size / MIB:.0f} MiB" if workload.size >= MIB else f"{workload.size} bytes"
    yield f"({workload.key}) {workload.title}: {workload.count} x {size}"
    yield (
        f"  {'':<22}{'wall s':>8}{'min':>8}{'CPU s':>8}{'peak MiB':>10}"
        f"{'MiB/s':>8}{'files/s':>9}{'galion/it':>11}"
    )
    for name, costs in runs.items():
        if not costs:
            yield f"  {name:<22}  failed"
            continue
        wall = _median(costs, lambda cost: cost.wall)
        least = min(cost.wall for cost in costs)
        yield (
            f"  {name:<22}{wall:>8.2f}{least:>8.2f}{_median(costs, lambda cost: cost.cpu):>8.2f}"
            f"{max(cost.memory for cost in costs):>10.0f}{workload.total / MIB / wall:>8.0f}"
            f"{workload.count / wall:>9.1f}{_ratio(runs, name) or 0:>11.2f}"
        )
    yield from (f"  {line}" for line in _targets(workload, runs))


def _targets(workload: Workload, runs: Runs) -> Iterator[str]:
    ours = runs["galion"]
    if not ours:
        return
    for name, most in workload.targets.ratios.items():
        names = [each for each in runs if each != "galion"] if name == "best" else [name]
        ratios = [ratio for each in names if (ratio := _ratio(runs, each)) is not None]
        if ratios:
            yield _target(f"wall next to {name}", max(ratios), most)
    if workload.targets.cpu_per_gib is not None:
        cpu = _median(ours, lambda cost: cost.cpu) / (workload.total / MIB / 1024)
        yield _target("CPU seconds a GiB", cpu, workload.targets.cpu_per_gib)
    if workload.targets.files_per_second is not None:
        rate = workload.count / _median(ours, lambda cost: cost.wall)
        yield _target("files a second", rate, workload.targets.files_per_second, least=True)
    yield _target("peak MiB", max(cost.memory for cost in ours), MEMORY)


def _target(what: str, reached: float, asked: float, *, least: bool = False) -> str:
    met = reached >= asked if least else reached <= asked
    bound = "at least" if least else "at most"
    return f"{what}: {reached:.4g}, {bound} {asked:g}: {'reached' if met else 'MISSED'}"


def _ratio(runs: Runs, name: str) -> float | None:
    """Galion's time in the time of a tool: the median over the pairs of one round."""
    pairs = list(zip(runs["galion"], runs.get(name, ()), strict=False))
    return statistics.median(ours.wall / its.wall for ours, its in pairs) if pairs else None


def _median(costs: Sequence[Cost], of: Callable[[Cost], float]) -> float:
    return statistics.median(of(cost) for cost in costs)
