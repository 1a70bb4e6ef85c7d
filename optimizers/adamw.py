"""AdamW is Adam with a weight decay that stays apart from the gradient, and so from its running means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import LARGEST, MEAN, MEAN_HAT, RATE, SQUARES, SQUARES_HAT, Line
from optimizers.rule import Array, Optimizer, State, in_cache, largest, quiet, without_switches
from spec import N_, setting


@dataclass(frozen=True)
class AdamW(Optimizer):
    """AdamW: w ← (1 - lr · weight_decay) · w, then Adam's step: w ← w - lr · m̂ / (sqrt(v̂) + eps).

    Source: Loshchilov and Hutter 2017; `torch.optim.AdamW`, whose decay, unlike the paper's, scales with lr.
    `amsgrad` divides by the largest v so far in place of v, as in Adam; its slot stays 0 without.
    """

    lr: float = setting(1e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    beta1: float = setting(
        0.9, N_("decay factor of the mean"), symbol=r"\beta_1", low=0.0, high=0.999, minimum=0, below=1
    )
    beta2: float = setting(
        0.999, N_("decay factor of the squares"), symbol=r"\beta_2", low=0.0, high=0.9999, minimum=0, below=1
    )
    eps: float = setting(1e-8, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.01, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)
    amsgrad: bool = setting(
        False,
        N_("AMSGrad"),
        help=N_(
            "Divides by the largest mean of squares so far, so a very large gradient is never forgotten (Reddi "
            "et al. 2018)."
        ),
    )

    key = "adamw"
    title = N_("AdamW")
    sentence = N_(
        "Adam with decoupled weight decay: every weight shrinks by the same factor, however large its gradients are."
    )
    formula = r"""\begin{aligned}
w &\leftarrow (1 - \eta\lambda)\, w \\
m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \\
\hat m &= \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t} \\
w &\leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}
\end{aligned}"""
    paper = "Ilya Loshchilov and Frank Hutter, Decoupled Weight Decay Regularization, 2017"
    paper_url = "https://arxiv.org/abs/1711.05101"
    published = "2017-11"
    torch = (
        "AdamW(parameters, lr={lr}[, betas=({beta1}, {beta2})][, eps={eps}][, weight_decay={weight_decay}]"
        "[, amsgrad={amsgrad}])"
    )
    family = "normalised"
    slots = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    @property
    def lines(self) -> tuple[Line, ...]:
        text = N_("The step: against the average gradient, with these learning rates, and slightly toward zero.")
        step = Line("step", r"\Delta w", r"-<rate>\,<mhat> - <lr>\,<weight_decay>\,<w>", text, "step")
        if not self.amsgrad:
            return MEAN, SQUARES, MEAN_HAT, SQUARES_HAT, RATE, step
        hat = SQUARES_HAT._replace(formula=SQUARES_HAT.formula.replace("<v>", "<u>"))
        return MEAN, SQUARES, LARGEST, MEAN_HAT, hat, RATE, step

    @quiet
    @without_switches
    def step(self, params: Array, grads: Array, state: State) -> None:
        t = state["step"] = state["step"] + 1
        keep = 1 - self.lr * self.weight_decay
        rate = self.lr / (1 - np.power(self.beta1, t))  # rate · m is lr · m̂
        root = 1 / np.sqrt(1 - np.power(self.beta2, t))  # root · sqrt(v) is sqrt(v̂)
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"]
        means = self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2
        coefficients = keep, rate, root, *means, self.eps
        for (w, g, m, v), (keep, rate, root, beta1, rest1, beta2, rest2, eps) in in_cache(arrays, coefficients):
            w *= keep
            m *= beta1
            m += rest1 * g
            v *= beta2
            v += rest2 * g * g
            spread = np.sqrt(v)
            spread *= root  # in place: new arrays would cost more than the arithmetic
            spread += eps
            w -= rate * m / spread

    def varied(self, params: Array, grads: Array, state: State) -> None:
        """Step as `step` does, with AMSGrad where it is on."""
        t = state["step"] = state["step"] + 1
        keep = 1 - self.lr * self.weight_decay
        rate = self.lr / (1 - np.power(self.beta1, t))
        root = 1 / np.sqrt(1 - np.power(self.beta2, t))
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"], state["max_exp_avg_sq"]
        means = self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2
        coefficients = keep, rate, root, *means, self.eps, self.amsgrad
        for (w, g, m, v, u), (keep, rate, root, beta1, rest1, beta2, rest2, eps, amsgrad) in in_cache(
            arrays, coefficients
        ):
            w *= keep
            m *= beta1
            m += rest1 * g
            v *= beta2
            v += rest2 * g * g
            spread = np.sqrt(largest(v, u, amsgrad))
            spread *= root
            spread += eps
            w -= rate * m / spread
