"""Adamax is Adam with a maximum in place of the mean of squares: it divides by the largest recent gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import MEAN, MEAN_HAT, RATE, Line, penalised
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet
from spec import N_, setting


@dataclass(frozen=True)
class Adamax(Optimizer):
    """Adamax: m is a running mean of g; u ← max(beta2 · u, |g| + eps); w ← w - lr · m̂ / u, m̂ = m / (1 - beta1^t).

    Source: Kingma and Ba 2014, section 7.1; `torch.optim.Adamax`, whose eps the paper does not have.
    """

    lr: float = setting(2e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    beta1: float = setting(
        0.9, N_("decay factor of the mean"), symbol=r"\beta_1", low=0.0, high=0.999, minimum=0, below=1
    )
    beta2: float = setting(
        0.999, N_("decay factor of the maximum"), symbol=r"\beta_2", low=0.0, high=0.9999, minimum=0, below=1
    )
    eps: float = setting(1e-8, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)

    key = "adamax"
    title = N_("Adamax")
    sentence = N_(
        "Like Adam, but divides by the largest recent gradient: after one steep place the steps stay short for a "
        "long time."
    )
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
u &\leftarrow \max(\beta_2 u,\; |g| + \epsilon) \\
w &\leftarrow w - \frac{\eta}{1 - \beta_1^t}\, \frac{m}{u}
\end{aligned}"""
    paper = "Diederik P. Kingma and Jimmy Ba, Adam: A Method for Stochastic Optimization, 2014"
    paper_url = "https://arxiv.org/abs/1412.6980"
    published = "2014-12"
    torch = "Adamax(parameters, lr={lr}[, betas=({beta1}, {beta2})][, eps={eps}][, weight_decay={weight_decay}])"
    family = "normalised"
    lr_factor = 2.0
    slots = ("exp_avg", "exp_inf")

    @property
    def lines(self) -> tuple[Line, ...]:
        largest = N_("The largest recent gradient: old values decay slowly.")
        step = N_("The step: against the average gradient, with these learning rates.")
        return penalised(
            self.weight_decay,
            MEAN,
            Line("u", "u", r"\max(<beta2>\,<u'>, |<g>| + <eps>)", largest, "spread", "exp_inf"),
            MEAN_HAT,
            RATE._replace(formula=r"\frac{<lr>}{<u>}"),
            Line("step", r"\Delta w", r"-<rate>\,<mhat>", step, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        t = state["step"] = state["step"] + 1
        rate = self.lr / (1 - np.power(self.beta1, t))  # rate · m is lr · m̂
        arrays = params, grads, state["exp_avg"], state["exp_inf"]
        coefficients = rate, self.beta1, 1 - self.beta1, self.beta2, self.eps, self.weight_decay
        for (w, g, m, u), (rate, beta1, rest1, beta2, eps, weight_decay) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            m *= beta1
            m += rest1 * g
            u *= beta2
            np.maximum(u, np.abs(g) + eps, out=u)
            w -= rate * m / u
