"""RAdam is Adam that uses its average of squares only after enough gradients: a warm-up without tuning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import MEAN, MEAN_HAT, SQUARES, Line, penalised
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet
from spec import N_, setting


@dataclass(frozen=True)
class RAdam(Optimizer):
    """RAdam: w ← w - lr · r · m̂ / sqrt(v̂), and w ← w - lr · m̂ as long as too few squares are in v (ρ ≤ 5).

    ρ = ρ∞ - 2t · beta2^t / (1 - beta2^t), ρ∞ = 2 / (1 - beta2) - 1, says how many gradients v averages, and
    r = sqrt((ρ - 4)(ρ - 2)ρ∞ / ((ρ∞ - 4)(ρ∞ - 2)ρ)) how far it can be trusted: it grows towards 1.

    Source: Liu et al. 2019; `torch.optim.RAdam`, which begins with r at ρ > 5, the paper at ρ > 4, and adds eps to
    sqrt(v) before its bias is corrected. Until then the step grows with the gradient: for beta2 = 0.999 five steps.
    """

    lr: float = setting(1e-3, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    beta1: float = setting(
        0.9, N_("decay factor of the mean"), symbol=r"\beta_1", low=0.0, high=0.999, minimum=0, below=1
    )
    beta2: float = setting(
        0.999, N_("decay factor of the squares"), symbol=r"\beta_2", low=0.0, high=0.9999, minimum=0, below=1
    )
    eps: float = setting(1e-8, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)
    decoupled_weight_decay: bool = setting(False, N_("decoupled weight decay"))

    key = "radam"
    title = N_("RAdam")
    sentence = N_(
        "Starts like Momentum and gradually turns into Adam, as its average of squared gradients becomes reliable."
    )
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \\
\hat m &= \frac{m}{1 - \beta_1^t} \qquad \rho = \rho_\infty - \frac{2t\,\beta_2^t}{1 - \beta_2^t}
\qquad \rho_\infty = \frac{2}{1 - \beta_2} - 1 \\
r &= \sqrt{\frac{(\rho - 4)(\rho - 2)\,\rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\,\rho}} \\
w &\leftarrow w - \eta\, \hat m\, \begin{cases} r\, \dfrac{\sqrt{1 - \beta_2^t}}{\sqrt v + \epsilon} & \rho > 5 \\
1 & \text{otherwise} \end{cases}
\end{aligned}"""
    paper = "Liyuan Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2019"
    paper_url = "https://arxiv.org/abs/1908.03265"
    published = "2019-08"
    torch = (
        "RAdam(parameters, lr={lr}[, betas=({beta1}, {beta2})][, eps={eps}][, weight_decay={weight_decay}]"
        "[, decoupled_weight_decay={decoupled_weight_decay}])"
    )
    family = "normalised"
    begins = "gradient"
    slots = ("exp_avg", "exp_avg_sq")

    @property
    def lines(self) -> tuple[Line, ...]:
        longest = N_("How many gradients the average of the squares covers in the long run.")
        length = N_("How many gradients it covers so far.")
        trust = N_("How reliable this average is, from 0 to 1.")
        rate = N_("With too few gradients: one learning rate. Later: one for each coordinate.")
        step = N_("The step: against the average gradient, with these learning rates.")
        shrinking = N_("The step: against the average gradient, with these learning rates, and slightly toward zero.")
        apart = self.decoupled_weight_decay and self.weight_decay
        ratio = r"(<rho> - 4)\,(<rho> - 2)\,<longest>}{(<longest> - 4)\,(<longest> - 2)\,<rho>"
        sized = r"\frac{<lr>\,<r>\,\sqrt{1 - <beta2>^{<t>}}}{\sqrt{<v>} + <eps>}"
        return penalised(
            0.0 if apart else self.weight_decay,
            MEAN,
            SQUARES,
            MEAN_HAT,
            Line("longest", r"\rho_\infty", r"\frac{2}{1 - <beta2>} - 1", longest, "factor"),
            Line("rho", r"\rho", r"<longest> - \frac{2\,<t>\,<beta2>^{<t>}}{1 - <beta2>^{<t>}}", length, "factor"),
            Line("r", "r", rf"\cases{{\sqrt{{\frac{{{ratio}}}}}}}{{<rho> > 5}}{{0}}", trust, "factor"),
            Line("rate", r"\tilde\eta", rf"\cases{{{sized}}}{{<rho> > 5}}{{<lr>}}", rate, "rate"),
            Line("step", r"\Delta w", r"-<rate>\,<mhat> - <lr>\,<weight_decay>\,<w>", shrinking, "step")
            if apart
            else Line("step", r"\Delta w", r"-<rate>\,<mhat>", step, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        t = state["step"] = state["step"] + 1
        rate = self.lr / (1 - np.power(self.beta1, t))  # rate · m is lr · m̂
        forgotten = np.power(self.beta2, t)
        longest = 2 / (1 - self.beta2) - 1  # how many gradients v weighs in the end, and so far
        length = longest - 2 * t * forgotten / (1 - forgotten)
        trust = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        trust = np.where(length > 5, np.sqrt(trust * (1 - forgotten)), 0)  # trust / sqrt(v) is r / sqrt(v̂)
        coupled = self.weight_decay * (1 - self.decoupled_weight_decay)
        keep = 1 - self.lr * self.weight_decay * self.decoupled_weight_decay
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"]
        means = self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2
        coefficients = keep, coupled, rate, trust, self.eps, *means
        for (w, g, m, v), (keep, coupled, rate, trust, eps, beta1, rest1, beta2, rest2) in in_cache(
            arrays, coefficients
        ):
            g = decayed(g, w, coupled)
            w *= keep
            m *= beta1
            m += rest1 * g
            v *= beta2
            v += rest2 * g * g
            w -= rate * m * np.where(trust, trust / (np.sqrt(v) + eps), 1)
