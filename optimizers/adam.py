"""Adam joins momentum and RMSProp: a running mean of gradients over the root of a running mean of squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import LARGEST, MEAN, MEAN_HAT, RATE, SQUARES, SQUARES_HAT, Line, penalised, root
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, largest, quiet, without_switches
from spec import N_, setting


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: m and v are running means of g and g²; w ← w - lr · m̂ / (sqrt(v̂) + eps).

    m̂ = m / (1 - beta1^t) and v̂ = v / (1 - beta2^t) make up for the means' start from zero.

    Source: Kingma and Ba 2014; `torch.optim.Adam`. Weight decay is the coupled penalty, added to the gradient.
    `amsgrad` divides by the largest v so far, û = max(u, v) / (1 - beta2^t), in place of v̂ (Reddi, Kale and Kumar 2018,
    who do not correct it); its slot stays 0 without.

    Common mistakes: `uncorrected` uses m and v instead of m̂ and v̂; `unweighted` does so too, and adds g and g²
    without the factors 1 - beta, as in some lecture notes; `multiplied` multiplies by 1 - beta^t instead of dividing,
    as in ConvNetJS (if several are on, no correction takes precedence); `squares_of_mean` adds m² to v instead of g². A
    variant: `eps_inside` divides by sqrt(v̂ + eps).
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
    amsgrad: bool = setting(
        False,
        N_("AMSGrad"),
        help=N_(
            "Divides by the largest mean of squares so far, so a very large gradient is never forgotten (Reddi "
            "et al. 2018)."
        ),
    )
    uncorrected: bool = setting(
        False,
        N_("no bias correction"),
        mistake=N_("no bias correction"),
        help=N_(
            "Uses m and v instead of m̂ and v̂. Both start at 0, and v grows more slowly, so the first steps "
            "are too long."
        ),
    )
    unweighted: bool = setting(
        False,
        N_("sums instead of means"),
        mistake=N_("sums instead of means"),
        help=N_("m ← β₁m + g and v ← β₂v + g², without bias correction, as printed in some lecture notes."),
    )
    multiplied: bool = setting(
        False,
        N_("bias correction multiplied"),
        mistake=N_("as in ConvNetJS"),
        help=N_(
            "m(1 − β₁ᵗ) and v(1 − β₂ᵗ) instead of dividing by the factors: ConvNetJS trains its networks like this."
        ),
    )
    eps_inside: bool = setting(
        False,
        N_("epsilon inside the root"),
        mistake=N_("ε inside the root"),
        help=N_(
            "√(v̂ + ε) instead of √v̂ + ε, a variant. Where gradients are small, the same ε shortens the steps "
            "much more, because √ε takes effect, not ε. For a similar effect, use ε²."
        ),
    )
    squares_of_mean: bool = setting(
        False,
        N_("squares of the mean"),
        mistake=N_("v from m²"),
        help=N_(
            "v ← β₂v + (1 − β₂)m², as printed in some lecture notes. Where g changes sign, m² is far smaller than g²."
        ),
    )

    key = "adam"
    title = N_("Adam")
    sentence = N_(
        "Combines Momentum with the step sizes of RMSProp, and corrects the bias of its averages in the first steps."
    )
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
    torch = (
        "Adam(parameters, lr={lr}[, betas=({beta1}, {beta2})][, eps={eps}][, weight_decay={weight_decay}]"
        "[, amsgrad={amsgrad}])"
    )
    family = "normalised"
    slots = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    @property
    def lines(self) -> tuple[Line, ...]:
        mean, squares, mean_hat, squares_hat, rate = MEAN, SQUARES, MEAN_HAT, SQUARES_HAT, RATE
        if self.unweighted:
            sums = N_("A common mistake: a decaying sum instead of an average.")
            mean = mean._replace(formula=r"<beta1>\,<m'> + <g>", sentence=sums)
            squares = squares._replace(formula=r"<beta2>\,<v'> + <g>^2", sentence=sums)
        if self.squares_of_mean:
            of_mean = N_("A common mistake: the square of the average m instead of g².")
            squares = squares._replace(formula=squares.formula.replace("<g>", "<m>"), sentence=of_mean)
        if self.uncorrected or self.unweighted:
            left_out = N_("A common mistake: no bias correction.")
            mean_hat = mean_hat._replace(formula="<m>", sentence=left_out)
            squares_hat = squares_hat._replace(formula="<v>", sentence=left_out)
        elif self.multiplied:
            turned = N_("A common mistake: multiplied instead of divided.")
            mean_hat = mean_hat._replace(formula=r"<m>\,(1 - <beta1>^{<t>})", sentence=turned)
            squares_hat = squares_hat._replace(formula=r"<v>\,(1 - <beta2>^{<t>})", sentence=turned)
        if self.amsgrad:
            squares_hat = squares_hat._replace(formula=squares_hat.formula.replace("<v>", "<u>"))
        if self.eps_inside:
            inside = rf"\frac{{<lr>}}{{{root('<vhat>', eps_inside=True)}}}"
            rate = rate._replace(formula=inside, sentence=N_("A variant: ε is inside the square root."))
        step = Line(
            "step",
            r"\Delta w",
            r"-<rate>\,<mhat>",
            N_("The step: against the average gradient, with these learning rates."),
            "step",
        )
        largest = [LARGEST] if self.amsgrad else []
        return penalised(self.weight_decay, mean, squares, *largest, mean_hat, squares_hat, rate, step)

    @quiet
    @without_switches
    def step(self, params: Array, grads: Array, state: State) -> None:
        t = state["step"] = state["step"] + 1
        rate = self.lr / (1 - np.power(self.beta1, t))  # rate · m is lr · m̂
        root = 1 / np.sqrt(1 - np.power(self.beta2, t))  # root · sqrt(v) is sqrt(v̂)
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"]
        means = self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2
        coefficients = rate, root, *means, self.eps, self.weight_decay
        for (w, g, m, v), (rate, root, beta1, rest1, beta2, rest2, eps, decay) in in_cache(arrays, coefficients):
            g = decayed(g, w, decay)
            m *= beta1
            m += rest1 * g
            v *= beta2
            v += rest2 * g * g
            spread = np.sqrt(v)
            spread *= root  # in place: new arrays would cost more than the arithmetic
            spread += eps
            w -= rate * m / spread

    def varied(self, params: Array, grads: Array, state: State) -> None:
        """Step as `step` does, with AMSGrad and the common mistakes where they are on."""
        t = state["step"] = state["step"] + 1
        rest1, rest2 = (np.where(self.unweighted, 1, 1 - beta) for beta in (self.beta1, self.beta2))
        total1, total2 = self._totals(t)
        rate, root = self.lr / total1, 1 / np.sqrt(total2)
        inside = self.eps_inside * self.eps
        arrays = params, grads, state["exp_avg"], state["exp_avg_sq"], state["max_exp_avg_sq"]
        means = self.beta1, rest1, self.beta2, rest2
        switches = self.amsgrad, self.squares_of_mean
        coefficients = rate, root, *means, self.eps - inside, inside * total2, self.weight_decay, *switches
        for (w, g, m, v, u), (rate, root, beta1, rest1, beta2, rest2, eps, inside, decay, amsgrad, of_mean) in in_cache(
            arrays, coefficients
        ):
            g = decayed(g, w, decay)
            m *= beta1
            m += rest1 * g
            squared = np.where(of_mean, m, g)
            v *= beta2
            v += rest2 * squared * squared
            spread = np.sqrt(largest(v, u, amsgrad) + inside)
            spread *= root
            spread += eps
            w -= rate * m / spread

    def _totals(self, t: int) -> tuple[Array, Array]:
        """Return the divisors of m and v: 1 - beta^t, or its inverse if it is multiplied, or 1 if it is left out."""
        left_out = np.logical_or(self.uncorrected, self.unweighted)
        first, second = (1 - np.power(beta, t) for beta in (self.beta1, self.beta2))
        first, second = (np.where(self.multiplied, 1 / total, total) for total in (first, second))
        return np.where(left_out, 1, first), np.where(left_out, 1, second)
