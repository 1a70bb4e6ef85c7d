"""Momentum moves like a heavy ball: each gradient is added to a velocity, in which older gradients decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import Line, penalised
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet, without_switches
from spec import N_, setting


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Momentum: b ← momentum · b + (1 - dampening) · g; w ← w - lr · b.

    Source: Polyak 1964; `torch.optim.SGD(momentum=...)`. As in torch, the first step takes the whole gradient,
    undamped, and dampening does nothing without momentum. Many texts write v ← momentum · v - lr · g; w ← w + v,
    which is the same path as long as lr stays the same (v = -lr · b).

    `ahead` is a common mistake: w ← w + momentum · v - lr · g with the new v, that is w ← w - lr · (g + momentum · b).
    """

    lr: float = setting(1e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    momentum: float = setting(0.9, N_("momentum"), symbol=r"\mu", low=0.0, high=0.999, minimum=0)
    dampening: float = setting(0.0, N_("dampening"), symbol=r"\tau", low=0.0, high=1.0, minimum=0, maximum=1)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)
    ahead: bool = setting(
        False,
        N_("step along the next velocity"),
        mistake=N_("actually Nesterov"),
        help=N_("Some lecture notes print w ← w + μv − ηg, with the new v, as Momentum. This is the step of Nesterov."),
    )

    key = "momentum"
    title = N_("Momentum")
    sentence = N_("Moves like a heavy ball: gradients across the valley cancel out, gradients along the valley add up.")
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
b &\leftarrow \mu\, b + (1 - \tau)\, g, \qquad b_1 = g \\
w &\leftarrow w - \eta\, b
\end{aligned}"""
    paper = "Boris T. Polyak, Some Methods of Speeding Up the Convergence of Iteration Methods, 1964"
    paper_url = "https://doi.org/10.1016/0041-5553(64)90137-5"
    published = "1964"
    torch = "SGD(parameters, lr={lr}, momentum={momentum}[, dampening={dampening}][, weight_decay={weight_decay}])"
    family = "velocity"
    slots = ("momentum_buffer",)

    @property
    def lines(self) -> tuple[Line, ...]:
        velocity = N_("The velocity: a sum of all gradients so far; older ones count less.")
        step = N_("The step: against the velocity.")
        mistake = N_("A common mistake: against the next velocity, as in Nesterov.")
        damped = self.dampening and self.momentum
        share = r"\cases{1}{<t> = 1}{1 - <dampening>}\,<g>" if damped else "<g>"
        return penalised(
            self.weight_decay,
            Line("b", "b", rf"<momentum>\,<b'> + {share}", velocity, "memory", "momentum_buffer"),
            Line("step", r"\Delta w", r"-<lr>\,(<g> + <momentum>\,<b>)", mistake, "step")
            if self.ahead
            else Line("step", r"\Delta w", r"-<lr>\,<b>", step, "step"),
        )

    @quiet
    @without_switches
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        share = 1.0 if state["step"] == 1 else 1 - self.dampening * (self.momentum != 0)
        arrays = params, grads, state["momentum_buffer"]
        coefficients = self.lr, self.momentum, share, self.weight_decay
        for (w, g, b), (lr, momentum, share, weight_decay) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            b *= momentum
            b += share * g
            w -= lr * b

    def varied(self, params: Array, grads: Array, state: State) -> None:
        """Step as `step` does, but along the next velocity where `ahead` is on."""
        state["step"] += 1
        share = 1.0 if state["step"] == 1 else 1 - self.dampening * (self.momentum != 0)
        arrays = params, grads, state["momentum_buffer"]
        coefficients = self.lr, self.momentum, share, self.weight_decay, self.ahead
        for (w, g, b), (lr, momentum, share, weight_decay, ahead) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            b *= momentum
            b += share * g
            w -= lr * np.where(ahead, g + momentum * b, b)
