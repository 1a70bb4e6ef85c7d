"""AdaGrad gives every parameter a learning rate of its own, which shrinks as its squared gradients add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import Line, penalised, root
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet, without_switches
from spec import N_, setting


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """AdaGrad: h ← h + g²; w ← w - lr · g / (sqrt(h) + eps).

    Source: Duchi, Hazan and Singer 2011 (the diagonal form); `torch.optim.Adagrad`, with its extra decay of the rate.

    `eps_inside` is a variant: sqrt(h + eps) instead of sqrt(h) + eps.
    """

    lr: float = setting(1e-2, N_("learning rate"), symbol=r"\eta", low=1e-3, high=10.0, log=True, minimum=0)
    lr_decay: float = setting(0.0, N_("learning rate decay"), symbol=r"\delta", low=0.0, high=1.0, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)
    initial_accumulator_value: float = setting(0.0, N_("initial sum"), symbol="h_0", low=0.0, high=1.0, minimum=0)
    eps: float = setting(1e-10, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    eps_inside: bool = setting(
        False,
        N_("epsilon inside the root"),
        mistake=N_("ε inside the root"),
        help=N_(
            "√(h + ε) instead of √h + ε, a variant. Where gradients are small, the same ε shortens the steps "
            "much more, because √ε takes effect, not ε. For a similar effect, use ε²."
        ),
    )

    key = "adagrad"
    title = N_("AdaGrad")
    sentence = N_(
        "Divides each parameter's step by the size of all its past gradients: steady progress at first, very "
        "little later."
    )
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
h &\leftarrow h + g^2 \\
w &\leftarrow w - \frac{\eta}{1 + (t - 1)\,\delta}\, \frac{g}{\sqrt{h} + \epsilon}
\end{aligned}"""
    paper = (
        "John Duchi, Elad Hazan and Yoram Singer, "
        "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011"
    )
    paper_url = "https://jmlr.org/papers/v12/duchi11a.html"
    published = "2011-07"
    torch = (
        "Adagrad(parameters, lr={lr}[, lr_decay={lr_decay}][, weight_decay={weight_decay}]"
        "[, initial_accumulator_value={initial_accumulator_value}][, eps={eps}])"
    )
    family = "accumulating"
    slots = ("sum",)

    def init(self, params: Array) -> State:
        """Return the state before the first step; the sum of squares starts at `initial_accumulator_value`."""
        state = super().init(params)
        state["sum"] += np.asarray(self.initial_accumulator_value, params.dtype)
        return state

    @property
    def lines(self) -> tuple[Line, ...]:
        squares = N_("The sum of all squared gradients: it only grows.")
        rate = N_("A learning rate for each coordinate: it only gets smaller.")
        mistake = N_("A variant: ε is inside the square root.")
        step = N_("The step: against the gradient, with these learning rates.")
        top = r"\frac{<lr>}{1 + (<t> - 1)\,<lr_decay>}" if self.lr_decay else "<lr>"
        size = root("<h>", eps_inside=self.eps_inside)
        return penalised(
            self.weight_decay,
            Line("h", "h", "<h'> + <g>^2", squares, "spread", "sum"),
            Line("rate", r"\tilde\eta", rf"\frac{{{top}}}{{{size}}}", mistake if self.eps_inside else rate, "rate"),
            Line("step", r"\Delta w", r"-<rate>\,<g>", step, "step"),
        )

    @quiet
    @without_switches
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        rate = self.lr / (1 + (state["step"] - 1) * self.lr_decay)
        arrays = params, grads, state["sum"]
        coefficients = rate, self.weight_decay, self.eps
        for (w, g, h), (rate, weight_decay, eps) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            h += g * g
            w -= rate * g / (np.sqrt(h) + eps)

    def varied(self, params: Array, grads: Array, state: State) -> None:
        """Step as `step` does, with epsilon inside the root where `eps_inside` is on."""
        state["step"] += 1
        rate = self.lr / (1 + (state["step"] - 1) * self.lr_decay)
        arrays = params, grads, state["sum"]
        inside = self.eps_inside * self.eps
        coefficients = rate, self.weight_decay, self.eps - inside, inside
        for (w, g, h), (rate, weight_decay, eps, inside) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            h += g * g
            w -= rate * g / (np.sqrt(h + inside) + eps)
