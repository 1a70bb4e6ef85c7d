"""Adadelta scales its steps by the size of earlier steps, and so needs no learning rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import Line, penalised
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet
from spec import N_, setting


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Adadelta: Δ = g · sqrt(u + eps) / sqrt(v + eps); w ← w - lr · Δ; v and u are running means of g² and Δ².

    Source: Zeiler 2012, which has no lr (1 is the paper's rule); `torch.optim.Adadelta`. The first steps are as long
    as eps makes them: sqrt(eps / (1 - rho)), whatever the gradient.
    """

    lr: float = setting(1.0, N_("learning rate"), symbol=r"\eta", low=1e-2, high=1e3, log=True, minimum=0)
    rho: float = setting(
        0.9, N_("decay factor of the squares"), symbol=r"\rho", low=0.0, high=0.999, minimum=0, maximum=1
    )
    eps: float = setting(1e-6, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)

    key = "adadelta"
    title = N_("Adadelta")
    sentence = N_(
        "Takes the size of each step from the sizes of earlier steps. It starts very slowly, then finds "
        "its own step size."
    )
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
v &\leftarrow \rho\, v + (1 - \rho)\, g^2 \\
\Delta &= \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}}\, g \\
u &\leftarrow \rho\, u + (1 - \rho)\, \Delta^2 \\
w &\leftarrow w - \eta\, \Delta
\end{aligned}"""
    paper = "Matthew D. Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012"
    paper_url = "https://arxiv.org/abs/1212.5701"
    published = "2012-12"
    torch = "Adadelta(parameters, lr={lr}[, rho={rho}][, eps={eps}][, weight_decay={weight_decay}])"
    family = "searching"
    lr_factor = 200.0
    slots = ("square_avg", "acc_delta")

    @property
    def lines(self) -> tuple[Line, ...]:
        squares = N_("Exponential moving average of the squared gradients: their usual size.")
        rate = N_("A learning rate for each coordinate: usual update ÷ usual gradient.")
        moves = N_("Exponential moving average of the squared updates.")
        step = N_("The step: against the gradient, with these learning rates.")
        return penalised(
            self.weight_decay,
            Line("v", "v", r"<rho>\,<v'> + (1 - <rho>)\,<g>^2", squares, "spread", "square_avg"),
            Line("rate", r"\tilde\eta", r"\frac{\sqrt{<u'> + <eps>}}{\sqrt{<v> + <eps>}}", rate, "rate"),
            Line("u", "u", r"<rho>\,<u'> + (1 - <rho>)\,(<rate>\,<g>)^2", moves, "spread", "acc_delta"),
            Line("step", r"\Delta w", r"-<lr>\,<rate>\,<g>", step, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        arrays = params, grads, state["square_avg"], state["acc_delta"]
        coefficients = self.lr, self.rho, 1 - self.rho, self.eps, self.weight_decay
        for (w, g, v, u), (lr, rho, rest, eps, weight_decay) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            v *= rho
            v += rest * g * g
            delta = np.sqrt(u + eps)
            delta /= np.sqrt(v + eps)
            delta *= g
            u *= rho
            u += rest * delta * delta
            w -= lr * delta
