"""Nesterov's momentum looks ahead: it steps by the velocity as it will be, not as it was."""

from __future__ import annotations

from dataclasses import dataclass

from optimizers.lines import Line, penalised
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet
from spec import N_, Refused, setting


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Nesterov's accelerated gradient: b ← momentum · b + g; w ← w - lr · (g + momentum · b).

    Source: Nesterov 1983, in the form of `torch.optim.SGD(nesterov=True)`, whose w is the look-ahead point, at which
    the gradient is evaluated. Raises `Refused` for momentum 0, as torch does: it would be gradient descent.
    """

    lr: float = setting(1e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    momentum: float = setting(0.9, N_("momentum"), symbol=r"\mu", low=0.05, high=0.999, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)

    key = "nesterov"
    title = N_("Nesterov")
    sentence = N_("Like Momentum, but uses the gradient at the point it is about to reach, so it slows down earlier.")
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
b &\leftarrow \mu\, b + g \\
w &\leftarrow w - \eta\, (g + \mu\, b)
\end{aligned}"""
    paper = "Yurii Nesterov, A Method for Solving the Convex Programming Problem with Convergence Rate O(1/k²), 1983"
    paper_url = "https://www.mathnet.ru/eng/dan46009"
    published = "1983"
    torch = "SGD(parameters, lr={lr}, momentum={momentum}, nesterov=True[, weight_decay={weight_decay}])"
    family = "velocity"
    slots = ("momentum_buffer",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.momentum == 0:
            raise Refused(N_("Nesterov needs a momentum above 0."))

    @property
    def lines(self) -> tuple[Line, ...]:
        velocity = N_("The velocity: a sum of all gradients so far; older ones count less.")
        ahead = N_("The next velocity, if the next gradient equals this one.")
        step = N_("The step: against the next velocity.")
        return penalised(
            self.weight_decay,
            Line("b", "b", r"<momentum>\,<b'> + <g>", velocity, "memory", "momentum_buffer"),
            Line("ahead", r"\bar b", r"<g> + <momentum>\,<b>", ahead, "memory"),
            Line("step", r"\Delta w", r"-<lr>\,<ahead>", step, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        arrays = params, grads, state["momentum_buffer"]
        coefficients = self.lr, self.momentum, self.weight_decay
        for (w, g, b), (lr, momentum, weight_decay) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            b *= momentum
            b += g
            w -= lr * (g + momentum * b)
