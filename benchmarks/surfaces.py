"""Compares the speed of races and maps on a surface with torch.optim in the usual Python loop.

    python -m benchmarks.surfaces [--quick]

In that loop autograd computes the gradient of one point, and each contender has an optimizer of its own. Both sides
compute in float64 with one thread. Of a map's thousands of contenders torch runs 40, spread evenly over the map, and
its time is scaled up; their end points are compared with our cells first. Both sides are timed in every round, and the
median of the ratios is printed: 100x means that ours takes a hundredth of the time.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from experiments import maps
from experiments.descend import Race, default_race, descend
from optimizers import RULES, Optimizer
from surfaces import find

Loss = Callable[[torch.Tensor], torch.Tensor]
SAMPLE = 40  # of a map's contenders, run by torch

FORMULAS: dict[str, Loss] = {
    "sphere": lambda w: w[0] ** 2 + w[1] ** 2,
    "rosenbrock": lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2,
    "himmelblau": lambda w: (w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2,
}

Make = Callable[[Optimizer, list[torch.Tensor]], torch.optim.Optimizer]
MAKERS: dict[str, Make] = {
    "sgd": lambda rule, w: torch.optim.SGD(w, lr=rule.lr),
    "momentum": lambda rule, w: torch.optim.SGD(w, lr=rule.lr, momentum=vars(rule)["momentum"]),
    "adagrad": lambda rule, w: torch.optim.Adagrad(w, lr=rule.lr),
    "rmsprop": lambda rule, w: torch.optim.RMSprop(w, lr=rule.lr),
    "adam": lambda rule, w: torch.optim.Adam(w, lr=rule.lr, betas=(vars(rule)["beta1"], vars(rule)["beta2"])),
}


def torch_descend(surface: str, rule: Optimizer, start: tuple[float, float], steps: int) -> np.ndarray:
    """Return the path [steps + 1, 2] of one contender, computed by a loop as in a lecture."""
    formula = FORMULAS[surface]
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = MAKERS[rule.key](rule, [w])
    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        formula(w).backward()
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


class Case(NamedTuple):
    """A task: our computation, torch's part of it, how many such parts make the whole, and the targets to reach."""

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    times: float
    ratio: float
    seconds: float | None = None


def race_case() -> Case:
    race = dataclasses.replace(default_race("himmelblau"), steps=300)

    def theirs() -> list[np.ndarray]:
        return [torch_descend(race.surface, rule, race.start, race.steps) for rule in race.contenders]

    for ours, path in zip(descend(race).path, theirs(), strict=True):
        agree(ours, path)
    return Case("a race: 5 rules x 300 steps, himmelblau", lambda: descend(race), theirs, 1, 10)


def map_case(name: str, chart: maps.Map, seconds: float) -> Case:
    races = list(sampled(chart))

    def theirs() -> list[np.ndarray]:
        return [torch_descend(race.surface, race.contenders[0], race.start, race.steps)[-1] for _place, race in races]

    found = maps.survey(chart)
    for (place, _race), end in zip(races, theirs(), strict=True):
        agree(found.end[0][place], end)
    return Case(name, lambda: maps.survey(chart), theirs, chart.side**2 / len(races), 100, seconds)


def sampled(chart: maps.Map) -> Iterator[tuple[tuple[int, int], Race]]:
    """Yield SAMPLE cells, spread evenly over a map, and their races."""
    for index in np.linspace(0, chart.side**2 - 1, SAMPLE).astype(int):
        place = divmod(int(index), chart.side)
        yield place, maps.race(chart, *place)


def agree(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


def cases() -> list[Case]:
    adam = RULES["adam"]
    rate = find("himmelblau").rate("normalised")
    settings = maps.Map("settings", "himmelblau", (adam(lr=rate),), "beta1", (0.9, 4.2), 300, 80, rates=(1e-3, 0.3))
    starts = maps.Map("basins", "himmelblau", (adam(lr=rate),), steps=500, side=150)
    return [
        race_case(),
        map_case("a map: Adam, 80 lr x 80 beta1 x 300 steps, himmelblau", settings, 0.1),
        map_case("basins: Adam, 150 x 150 starts x 500 steps, himmelblau", starts, 0.5),
    ]


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a glance, not a measurement")
    rounds = 3 if parser.parse_args().quick else 7
    torch.set_num_threads(1)
    print(f"NumPy {np.__version__}, torch {torch.__version__}, float64, one thread, {rounds} rounds;")
    print(f"of maps torch runs {SAMPLE} contenders, and its time is scaled up; all of them ended where ours did")
    for case in cases():
        pairs = [(seconds(case.ours), case.times * seconds(case.theirs)) for _ in range(rounds)]
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(slow / fast for fast, slow in pairs)
        print(f"\n{case.name}")
        print(f"  ours {ours * 1e3:8.1f} ms, torch {theirs:8.2f} s")
        print(f"  {ratio:.0f}x  (reach {case.ratio:g}x: {verdict(ratio >= case.ratio)})")
        if case.seconds is not None:
            print(f"  {ours:.3f} s  (reach {case.seconds:g} s: {verdict(ours <= case.seconds)})")


if __name__ == "__main__":
    main()
