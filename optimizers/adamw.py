"""AdamW is Adam with a weight decay that stays apart from the gradient, and so from its running means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.rule import Array, Line, Optimizer, State, in_cache, quiet
from spec import N_, setting


@dataclass(frozen=True)
class AdamW(Optimizer):
    """AdamW: w ← (1 - lr · weight_decay) · w, then Adam's step: w ← w - lr · m̂ / (sqrt(v̂) + eps).

    Source: Loshchilov and Hutter 2017; `torch.optim.AdamW`, whose decay, unlike the paper's, scales with lr.
    """

    lr: float = setting(1e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    beta1: float = setting(
        0.9, N_("decay rate of the mean"), symbol=r"\beta_1", low=0.0, high=0.999, minimum=0, below=1
    )
    beta2: float = setting(
        0.999, N_("decay rate of the squares"), symbol=r"\beta_2", low=0.0, high=0.9999, minimum=0, below=1
    )
    eps: float = setting(1e-8, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.01, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)

    key = "adamw"
    title = N_("AdamW")
    sentence = N_("Takes Adam's steps, and shrinks every weight at the same pace, however large its gradients.")
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
    family = "normalised"
    slots = ("exp_avg", "exp_avg_sq")

    @property
    def lines(self) -> tuple[Line, ...]:
        mean = N_("A running mean of the gradients: what they agree on stays, zig-zag cancels out.")
        squares = N_("A running mean of their squares: how large gradients are along x and along y.")
        more = N_("The mean began at zero and is too small at first: divide by the weights it has gathered.")
        likewise = N_("The mean of squares likewise.")
        rate = N_("Each coordinate gets a rate of its own: small where gradients are large.")
        step = N_("The step: against the mean, at these rates, and a share of w towards zero.")
        return (
            Line("m", "m", r"<beta1>\,<m'> + (1 - <beta1>)\,<g>", mean, "memory", "exp_avg"),
            Line("v", "v", r"<beta2>\,<v'> + (1 - <beta2>)\,<g>^2", squares, "spread", "exp_avg_sq"),
            Line("mhat", r"\hat m", r"\frac{<m>}{1 - <beta1>^{<t>}}", more, "memory"),
            Line("vhat", r"\hat v", r"\frac{<v>}{1 - <beta2>^{<t>}}", likewise, "spread"),
            Line("rate", r"\tilde\eta", r"\frac{<lr>}{\sqrt{<vhat>} + <eps>}", rate, "rate"),
            Line("step", r"\Delta w", r"-<lr>\,<weight_decay>\,<w> - <rate>\,<mhat>", step, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        t = state["step"] = state["step"] + 1
        keep = 1 - self.lr * self.weight_decay
        rate = self.lr / (1 - np.power(self.beta1, t))  # rate · m is lr · m̂
        root = 1 / np.sqrt(1 - np.power(self.beta2, t))  # root · sqrt(v) is sqrt(v̂)
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"]
        coefficients = keep, rate, root, self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2, self.eps
        for (w, g, m, v), (keep, rate, root, beta1, rest1, beta2, rest2, eps) in in_cache(arrays, coefficients):
            w *= keep
            m *= beta1
            m += rest1 * g
            v *= beta2
            v += rest2 * g * g
            spread = np.sqrt(v)  # in place from here: new arrays would cost more than the arithmetic
            spread *= root
            spread += eps
            w -= rate * m / spread
