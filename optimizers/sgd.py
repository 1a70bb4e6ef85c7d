"""Gradient descent steps against the gradient, by the learning rate times its size."""

from __future__ import annotations

from dataclasses import dataclass

from optimizers.lines import Line, penalised
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet
from spec import N_, setting


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent: w ← w - lr · g; stochastic when g comes from a batch of the data.

    Source: Robbins and Monro 1951; `torch.optim.SGD` with momentum 0.
    """

    lr: float = setting(1e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)

    key = "sgd"
    title = N_("SGD")
    sentence = N_(
        "Steps against the gradient; the steeper the slope, the longer the step. In a narrow valley it "
        "zigzags from side to side."
    )
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
w &\leftarrow w - \eta\, g
\end{aligned}"""
    paper = "Herbert Robbins and Sutton Monro, A Stochastic Approximation Method, 1951"
    paper_url = "https://doi.org/10.1214/aoms/1177729586"
    published = "1951-09"
    torch = "SGD(parameters, lr={lr}[, weight_decay={weight_decay}])"
    family = "gradient"

    @property
    def lines(self) -> tuple[Line, ...]:
        step = N_("The step: against the gradient; the steeper the slope, the longer the step.")
        return penalised(self.weight_decay, Line("step", r"\Delta w", r"-<lr>\,<g>", step, "step"))

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        arrays = params, grads
        coefficients = self.lr, self.weight_decay
        for (w, g), (lr, weight_decay) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            w -= lr * g
