"""NAdam is Adam that looks ahead like Nesterov: it steps by the running mean as it will be after the next step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import MEAN, RATE, SQUARES, SQUARES_HAT, Line, penalised
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet
from spec import N_, setting


@dataclass(frozen=True)
class NAdam(Optimizer):
    """NAdam: w ← w - lr · m̂ / (sqrt(v̂) + eps), where m̂ weighs the gradient and the mean that will follow it.

    m̂ = (1 - μ_t) / (1 - μ_1…μ_t) · g + μ_{t+1} / (1 - μ_1…μ_{t+1}) · m, with the momentum
    μ_t = beta1 · (1 - 0.96^(t · momentum_decay) / 2), which grows from half of beta1; v̂ = v / (1 - beta2^t).

    Source: Dozat 2016; `torch.optim.NAdam`, whose mean keeps beta1 where the paper's follows μ_t, and whose v̂ lacks
    the paper's factor beta2. The product of the μ is the same for all parameters, so it is no slot: the state holds
    it as one number, or a column for a stack.
    """

    lr: float = setting(2e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    beta1: float = setting(
        0.9, N_("decay factor of the mean"), symbol=r"\beta_1", low=0.0, high=0.999, minimum=0, below=1
    )
    beta2: float = setting(
        0.999, N_("decay factor of the squares"), symbol=r"\beta_2", low=0.0, high=0.9999, minimum=0, below=1
    )
    eps: float = setting(1e-8, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)
    momentum_decay: float = setting(4e-3, N_("momentum warm-up"), symbol=r"\psi", low=0.0, high=0.1, minimum=0)
    decoupled_weight_decay: bool = setting(False, N_("decoupled weight decay"))

    key = "nadam"
    title = N_("NAdam")
    sentence = N_("Adam with Nesterov's look-ahead: the newest gradient counts more, so it changes direction sooner.")
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \\
\mu_t &= \beta_1 \left(1 - \tfrac12\, 0.96^{t\psi}\right) \\
\hat m &= \frac{(1 - \mu_t)\, g}{1 - \mu_1 \cdots \mu_t} + \frac{\mu_{t+1}\, m}{1 - \mu_1 \cdots \mu_{t+1}}
\qquad \hat v = \frac{v}{1 - \beta_2^t} \\
w &\leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}
\end{aligned}"""
    paper = "Timothy Dozat, Incorporating Nesterov Momentum into Adam, 2016"
    paper_url = "https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ"
    published = "2016-02"
    torch = (
        "NAdam(parameters, lr={lr}[, betas=({beta1}, {beta2})][, eps={eps}][, weight_decay={weight_decay}]"
        "[, momentum_decay={momentum_decay}][, decoupled_weight_decay={decoupled_weight_decay}])"
    )
    family = "normalised"
    slots = ("exp_avg", "exp_avg_sq")

    def init(self, params: Array) -> State:
        """Return the state before the first step; `mu_product` is the product of the momenta so far."""
        return super().init(params) | {"mu_product": np.ones_like(self.beta1)}

    def momentum(self, t: int) -> float | Array:
        """Return μ_t, the momentum of step t."""
        return self.beta1 * (1 - 0.5 * np.power(0.96, t * self.momentum_decay))

    @property
    def lines(self) -> tuple[Line, ...]:
        growing = N_("The momentum of this step: it grows toward β₁.")
        coming = N_("The momentum of the next step.")
        product = N_("The product of all momentum values so far, for the bias correction.")
        ahead = N_("The average after the next step, if the next gradient equals this one.")
        step = N_("The step: against the average gradient, with these learning rates.")
        shrinking = N_("The step: against the average gradient, with these learning rates, and slightly toward zero.")
        apart = self.decoupled_weight_decay and self.weight_decay
        mean = r"\frac{(1 - <mu>)\,<g>}{1 - <product>} + \frac{<next>\,<m>}{1 - <product>\,<next>}"
        return penalised(
            0.0 if apart else self.weight_decay,
            MEAN,
            SQUARES,
            Line("mu", r"\mu_t", r"<beta1>\,(1 - 0.5\,0.96^{<t>\,<momentum_decay>})", growing, "factor"),
            Line("next", r"\mu_{t+1}", r"<beta1>\,(1 - 0.5\,0.96^{(<t> + 1)\,<momentum_decay>})", coming, "factor"),
            Line("product", "p", r"<product'>\,<mu>", product, "factor", first=1.0),
            Line("mhat", r"\hat m", mean, ahead, "memory"),
            SQUARES_HAT,
            RATE,
            Line("step", r"\Delta w", r"-<rate>\,<mhat> - <lr>\,<weight_decay>\,<w>", shrinking, "step")
            if apart
            else Line("step", r"\Delta w", r"-<rate>\,<mhat>", step, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        t = state["step"] = state["step"] + 1
        now, next_one = self.momentum(t), self.momentum(t + 1)
        product = state["mu_product"] = state["mu_product"] * now
        fresh = self.lr * (1 - now) / (1 - product)  # fresh · g + rate · m is lr · m̂
        rate = self.lr * next_one / (1 - product * next_one)
        root = 1 / np.sqrt(1 - np.power(self.beta2, t))  # root · sqrt(v) is sqrt(v̂)
        coupled = self.weight_decay * (1 - self.decoupled_weight_decay)
        keep = 1 - self.lr * self.weight_decay * self.decoupled_weight_decay
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"]
        means = self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2
        coefficients = keep, coupled, fresh, rate, root, self.eps, *means
        for (w, g, m, v), (keep, coupled, fresh, rate, root, eps, beta1, rest1, beta2, rest2) in in_cache(
            arrays, coefficients
        ):
            g = decayed(g, w, coupled)
            w *= keep
            m *= beta1
            m += rest1 * g
            v *= beta2
            v += rest2 * g * g
            spread = np.sqrt(v)
            spread *= root
            spread += eps
            w -= (fresh * g + rate * m) / spread
