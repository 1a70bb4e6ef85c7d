"""Lion steps by the sign of a running mean: every parameter moves equally far, whatever its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import Line
from optimizers.rule import Array, Optimizer, State, in_cache, quiet
from spec import N_, setting


@dataclass(frozen=True)
class Lion(Optimizer):
    """Lion: w ← w - lr · (sign(beta1 · m + (1 - beta1) · g) + weight_decay · w), then m ← beta2 · m + (1 - beta2) · g.

    Source: Chen et al. 2023, algorithm 2, found by a search through programs; torch.optim does not have it. The paper
    advises a learning rate three to ten times smaller than AdamW's, as its steps are never shorter than lr.
    """

    lr: float = setting(1e-4, N_("learning rate"), symbol=r"\eta", low=1e-5, high=1.0, log=True, minimum=0)
    beta1: float = setting(
        0.9, N_("share of the mean in a step"), symbol=r"\beta_1", low=0.0, high=0.999, minimum=0, below=1
    )
    beta2: float = setting(
        0.99, N_("decay factor of the mean"), symbol=r"\beta_2", low=0.0, high=0.999, minimum=0, below=1
    )
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)

    key = "lion"
    title = N_("Lion")
    sentence = N_(
        "Uses only the sign of the averaged gradient: all parameters move the same distance, and steps "
        "never get shorter."
    )
    formula = r"""\begin{aligned}
c &= \beta_1 m + (1 - \beta_1)\, g \\
w &\leftarrow w - \eta\, (\operatorname{sign}(c) + \lambda w) \\
m &\leftarrow \beta_2 m + (1 - \beta_2)\, g
\end{aligned}"""
    paper = "Xiangning Chen et al., Symbolic Discovery of Optimization Algorithms, 2023"
    paper_url = "https://arxiv.org/abs/2302.06675"
    published = "2023-02"
    family = "normalised"
    lr_factor = 0.7
    slots = ("exp_avg",)

    @property
    def lines(self) -> tuple[Line, ...]:
        blend = N_("The previous average mixed with the gradient: only its sign is used.")
        kept = N_("The average kept for the next step: it has a longer memory.")
        text = N_("The step: the same distance along x and y; the signs give the direction.")
        if self.weight_decay:
            text = N_("The step: the same distance along x and y, and slightly toward zero.")
        pull = r"(\sign(<c>) + <weight_decay>\,<w>)" if self.weight_decay else r"\sign(<c>)"
        return (
            Line("c", "c", r"<beta1>\,<m'> + (1 - <beta1>)\,<g>", blend, "memory"),
            Line("m", "m", r"<beta2>\,<m'> + (1 - <beta2>)\,<g>", kept, "memory", "exp_avg"),
            Line("step", r"\Delta w", rf"-<lr>\,{pull}", text, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        arrays = params, grads, state["exp_avg"]
        keep = 1 - self.lr * self.weight_decay
        coefficients = keep, self.lr, self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2
        for (w, g, m), (keep, lr, beta1, rest1, beta2, rest2) in in_cache(arrays, coefficients):
            w *= keep
            w -= lr * np.sign(beta1 * m + rest1 * g)
            m *= beta2
            m += rest2 * g
