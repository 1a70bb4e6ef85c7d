"""Adam joins momentum and RMSProp: a running mean of gradients over the root of a running mean of squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.rule import Array, Line, Optimizer, State, decayed, in_cache, penalised, quiet
from spec import N_, setting


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: m and v are running means of g and g²; w ← w - lr · m̂ / (sqrt(v̂) + eps).

    m̂ = m / (1 - beta1^t) and v̂ = v / (1 - beta2^t) make up for the means' start from zero.

    Source: Kingma and Ba 2014; `torch.optim.Adam`. Weight decay is the coupled penalty, added to the gradient.
    """

    lr: float = setting(1e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    beta1: float = setting(
        0.9, N_("decay rate of the mean"), symbol=r"\beta_1", low=0.0, high=0.999, minimum=0, below=1
    )
    beta2: float = setting(
        0.999, N_("decay rate of the squares"), symbol=r"\beta_2", low=0.0, high=0.9999, minimum=0, below=1
    )
    eps: float = setting(1e-8, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)

    key = "adam"
    title = N_("Adam")
    sentence = N_("Rolls like momentum with steps sized like RMSProp's, and corrects the bias of its early averages.")
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \\
\hat m &= \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t} \\
w &\leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}
\end{aligned}"""
    paper = "Diederik P. Kingma and Jimmy Ba, Adam: A Method for Stochastic Optimization, 2014"
    paper_url = "https://arxiv.org/abs/1412.6980"
    published = "2014-12"
    family = "normalised"
    slots = ("exp_avg", "exp_avg_sq")

    @property
    def lines(self) -> tuple[Line, ...]:
        mean = N_("A running mean of the gradients: what they agree on stays, zig-zag cancels out.")
        squares = N_("A running mean of their squares: how large gradients are along x and along y.")
        more = N_("The mean began at zero and is too small at first: divide by the weights it has gathered.")
        likewise = N_("The mean of squares likewise.")
        rate = N_("Each coordinate gets a rate of its own: small where gradients are large.")
        return penalised(
            self.weight_decay,
            Line("m", "m", r"<beta1>\,<m'> + (1 - <beta1>)\,<g>", mean, "memory", "exp_avg"),
            Line("v", "v", r"<beta2>\,<v'> + (1 - <beta2>)\,<g>^2", squares, "spread", "exp_avg_sq"),
            Line("mhat", r"\hat m", r"\frac{<m>}{1 - <beta1>^{<t>}}", more, "memory"),
            Line("vhat", r"\hat v", r"\frac{<v>}{1 - <beta2>^{<t>}}", likewise, "spread"),
            Line("rate", r"\tilde\eta", r"\frac{<lr>}{\sqrt{<vhat>} + <eps>}", rate, "rate"),
            Line("step", r"\Delta w", r"-<rate>\,<mhat>", N_("The step: against the mean, at these rates."), "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        t = state["step"] = state["step"] + 1
        rate = self.lr / (1 - np.power(self.beta1, t))  # rate · m is lr · m̂
        root = 1 / np.sqrt(1 - np.power(self.beta2, t))  # root · sqrt(v) is sqrt(v̂)
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"]
        coefficients = rate, root, self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2, self.eps, self.weight_decay
        for (w, g, m, v), (rate, root, beta1, rest1, beta2, rest2, eps, weight_decay) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            m *= beta1
            m += rest1 * g
            v *= beta2
            v += rest2 * g * g
            spread = np.sqrt(v)  # in place from here: new arrays would cost more than the arithmetic
            spread *= root
            spread += eps
            w -= rate * m / spread
