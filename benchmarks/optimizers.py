"""Compares the speed of a step of our optimizers with the same step of torch.optim.

    python -m benchmarks.optimizers [--quick] [--threads N]

Both sides update float32 parameters of the same shapes with given gradients; computing the gradients is not timed.
torch holds a network as separate tensors of weights and biases, ours is one flat vector; sixteen networks with sixteen
learning rates are sixteen optimizers in torch and one stack here. All contenders are timed in every round, a ratio is
torch's time over ours within a round, and the median over the rounds is printed: 4.0x means that ours takes a quarter
of the time. One thread by default, which is what a worker has.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch

from optimizers import RULES, Optimizer

FORMS: dict[str, dict[str, bool]] = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}

# torch names optimizers as we do, except for case; these two are settings of its SGD.
SETTINGS_OF_SGD = {"momentum": {"momentum": 0.9}, "nesterov": {"momentum": 0.9, "nesterov": True}}
BY_NAME = {name.lower(): rule for name, rule in vars(torch.optim).items() if isinstance(rule, type)}
TORCH = {
    key: (BY_NAME[key if key in BY_NAME else "sgd"], SETTINGS_OF_SGD.get(key, {}))
    for key in RULES
    if key in BY_NAME or key in SETTINGS_OF_SGD
}


def network(*widths: int) -> list[tuple[int, ...]]:
    """Return the shapes of a network's weights and biases, layer by layer."""
    return [shape for inputs, outputs in pairwise(widths) for shape in ((outputs, inputs), (outputs,))]


@dataclasses.dataclass(frozen=True)
class Case:
    """The shapes of the parameters, the number of copies with different learning rates, and the target ratios."""

    name: str
    shapes: Sequence[tuple[int, ...]]
    copies: int
    reach: dict[str, float]  # torch's form -> the ratio to reach

    @property
    def size(self) -> int:
        return sum(int(np.prod(shape)) for shape in self.shapes)


SMALL, LARGE = network(10, 32, 64, 32, 16, 4, 1), network(784, 100, 100, 100, 100, 10)

CASES = [
    Case("a point [2]", [(2,)], 1, {"default": 4, "fused": 1}),
    Case("a cloud [10000, 2]", [(10_000, 2)], 1, {"default": 1}),
    Case("a small network", SMALL, 1, {"default": 8, "fused": 1}),
    Case("a large network", LARGE, 1, {"default": 1, "fused": 0.5}),
    Case("16 small networks", SMALL, 16, {"default": 12, "fused": 1}),
]


def our_step(rule: type[Optimizer], case: Case, rates: list[float]) -> Callable[[], None]:
    rng = np.random.default_rng(0)
    alone = case.shapes[0] if len(case.shapes) == 1 else (case.size,)
    shape = alone if case.copies == 1 else (case.copies, case.size)
    params, grads = (rng.normal(size=shape).astype(np.float32) for _ in range(2))
    configs = [rule(lr=rate) for rate in rates]
    optimizer = configs[0] if case.copies == 1 else rule.stack(configs)
    state = optimizer.init(params)
    return lambda: optimizer.step(params, grads, state)


def torch_step(key: str, case: Case, rates: list[float], form: dict[str, bool]) -> Callable[[], None]:
    """Return torch's step; raises TypeError if torch does not have the optimizer in this form."""
    torch.manual_seed(0)
    theirs, arguments = TORCH[key]
    steps = []
    for rate in rates:
        params = [torch.randn(shape, requires_grad=True) for shape in case.shapes]
        for param in params:
            param.grad = torch.randn_like(param)
        steps.append(theirs(params, lr=rate, **arguments, **form).step)
    if len(steps) == 1:
        return steps[0]

    def step_all() -> None:
        for step in steps:
            step()

    return step_all


def seconds(step: Callable[[], None], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - start) / times


def measure(steps: dict[str, Callable[[], None]], rounds: int, budget: float) -> dict[str, list[float]]:
    """Return the seconds per step, by contender and round; in a round each runs for about `budget` seconds."""
    times = {}
    for name, step in steps.items():
        step()  # torch creates its state in the first
        times[name] = max(1, int(budget / seconds(step, 3)))
    measured: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            measured[name].append(seconds(step, times[name]))
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: a glance, not a measurement")
    parser.add_argument("--threads", type=int, default=1, help="threads that torch may use (NumPy's rules use one)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rounds, budget = (5, 0.002) if options.quick else (31, 0.01)

    print(f"NumPy {np.__version__}, torch {torch.__version__}, {torch.get_num_threads()} thread(s) for torch, float32,")
    print(f"{rounds} rounds of about {budget * 1e3:.0f} ms each; ratios: torch's time over ours (and the reach)")
    met = missed = 0
    for case in CASES:
        print(f"\n{case.name}, {case.copies * case.size:,} parameters")
        print(f"{'':10}{'ours':>10}" + "".join(f"{form:>20}" for form in FORMS))
        rates = [float(rate) for rate in np.geomspace(1e-4, 1e-2, case.copies)]
        for key in TORCH:
            steps = {"ours": our_step(RULES[key], case, rates)}
            for form, arguments in FORMS.items():
                try:
                    steps[form] = torch_step(key, case, rates, arguments)
                except TypeError:  # torch has no such form of this optimizer
                    continue
            measured = measure(steps, rounds, budget)
            line = f"{key:10}{statistics.median(measured['ours']) * 1e6:7.1f} us"
            for form in FORMS:
                if form not in steps:
                    line += f"{'-':>20}"
                    continue
                pairs = zip(measured[form], measured["ours"], strict=True)
                ratio = statistics.median(theirs / ours for theirs, ours in pairs)
                verdict = ""
                if form in case.reach:
                    reached = ratio >= case.reach[form]
                    met, missed = met + reached, missed + (not reached)
                    verdict = f" ({case.reach[form]:g}x {'met' if reached else 'MISSED'})"
                line += f"{f'{ratio:.1f}x{verdict}':>20}"
            print(line)
    print(f"\n{met} of {met + missed} reaches met")


if __name__ == "__main__":
    main()
