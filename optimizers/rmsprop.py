"""RMSProp divides by the root of a moving average of squares, in which, unlike in AdaGrad's sum, old values decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import RATE, Line, penalised, root
from optimizers.rule import Array, Optimizer, State, decayed, in_cache, quiet, without_switches
from spec import N_, setting


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """RMSProp: s ← alpha · s + (1 - alpha) · g²; w ← w - lr · g / (sqrt(s) + eps).

    Source: Tieleman and Hinton 2012; `torch.optim.RMSprop`, with its momentum and its centred form, which divides by
    the standard deviation in place of the root mean square. torch leaves out a slot that a setting does not need;
    here `grad_avg` then stays 0, and `momentum_buffer` holds the last step over lr.

    `eps_inside` is a variant, used by TensorFlow: sqrt(s + eps) instead of sqrt(s) + eps.
    """

    lr: float = setting(1e-2, N_("learning rate"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    alpha: float = setting(0.99, N_("decay factor of the squares"), symbol=r"\alpha", low=0.0, high=0.999, minimum=0)
    eps: float = setting(1e-8, N_("epsilon"), symbol=r"\epsilon", low=1e-12, high=0.1, log=True, minimum=0)
    weight_decay: float = setting(0.0, N_("weight decay"), symbol=r"\lambda", low=0.0, high=0.1, minimum=0)
    momentum: float = setting(0.0, N_("momentum"), symbol=r"\mu", low=0.0, high=0.999, minimum=0)
    centered: bool = setting(False, N_("centered"), symbol="c")
    eps_inside: bool = setting(
        False,
        N_("epsilon inside the root"),
        mistake=N_("ε inside the root"),
        help=N_(
            "√(s + ε) instead of √s + ε, a variant used by TensorFlow. Where gradients are small, the same ε "
            "shortens the steps much more, because √ε takes effect, not ε. For a similar effect, use ε²."
        ),
    )

    key = "rmsprop"
    title = N_("RMSProp")
    sentence = N_(
        "Divides each gradient component by its recent size, so it moves at a similar speed in steep and "
        "flat directions."
    )
    formula = r"""\begin{aligned}
g &\leftarrow g + \lambda w \\
s &\leftarrow \alpha\, s + (1 - \alpha)\, g^2 \\
a &\leftarrow \alpha\, a + c\,(1 - \alpha)\, g \\
b &\leftarrow \mu\, b + \frac{g}{\sqrt{s - a^2} + \epsilon} \\
w &\leftarrow w - \eta\, b
\end{aligned}"""
    paper = "Tijmen Tieleman and Geoffrey Hinton, Lecture 6.5, Neural Networks for Machine Learning, 2012"
    paper_url = "https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf"
    published = "2012-10"
    torch = (
        "RMSprop(parameters, lr={lr}[, alpha={alpha}][, eps={eps}][, weight_decay={weight_decay}]"
        "[, momentum={momentum}][, centered={centered}])"
    )
    family = "normalised"
    slots = ("square_avg", "grad_avg", "momentum_buffer")

    @property
    def lines(self) -> tuple[Line, ...]:
        squares = N_("Exponential moving average of the squared gradients: their usual size.")
        mean = N_("Exponential moving average of the gradients; its square is subtracted below.")
        rate = RATE.sentence
        mistake = N_("A variant: ε is inside the square root.")
        velocity = N_("A velocity of the gradients, each divided by its usual size.")
        size = root("<s> - <a>^2" if self.centered else "<s>", eps_inside=self.eps_inside)
        lines = [Line("s", "s", r"<alpha>\,<s'> + (1 - <alpha>)\,<g>^2", squares, "spread", "square_avg")]
        if self.centered:
            lines += [Line("a", "a", r"<alpha>\,<a'> + (1 - <alpha>)\,<g>", mean, "memory", "grad_avg")]
        if self.momentum:
            divided = rf"<momentum>\,<b'> + \frac{{<g>}}{{{size}}}"
            text, step = mistake if self.eps_inside else velocity, N_("The step: against the velocity.")
            lines += [
                Line("b", "b", divided, text, "memory", "momentum_buffer"),
                Line("step", r"\Delta w", r"-<lr>\,<b>", step, "step"),
            ]
        else:
            text, step = (
                mistake if self.eps_inside else rate,
                N_("The step: against the gradient, with these learning rates."),
            )
            lines += [
                RATE._replace(formula=rf"\frac{{<lr>}}{{{size}}}", sentence=text),
                Line("step", r"\Delta w", r"-<rate>\,<g>", step, "step"),
            ]
        return penalised(self.weight_decay, *lines)

    @quiet
    @without_switches
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        arrays = params, grads, state["square_avg"], state["momentum_buffer"]
        coefficients = self.lr, self.alpha, 1 - self.alpha, self.eps, self.weight_decay, self.momentum
        for (w, g, s, b), (lr, alpha, rest, eps, weight_decay, momentum) in in_cache(arrays, coefficients):
            g = decayed(g, w, weight_decay)
            s *= alpha
            s += rest * g * g
            b *= momentum
            b += g / (np.sqrt(s) + eps)
            w -= lr * b

    def varied(self, params: Array, grads: Array, state: State) -> None:
        """Step as `step` does; where they are on, centered and with epsilon inside the root."""
        state["step"] += 1
        arrays = params, grads, state["square_avg"], state["grad_avg"], state["momentum_buffer"]
        rest, inside = 1 - self.alpha, self.eps_inside * self.eps
        means = self.alpha, rest, self.centered * rest
        coefficients = self.lr, *means, self.eps - inside, inside, self.weight_decay, self.momentum
        for (w, g, s, a, b), (lr, alpha, rest, share, eps, inside, weight_decay, momentum) in in_cache(
            arrays, coefficients
        ):
            g = decayed(g, w, weight_decay)
            s *= alpha
            s += rest * g * g
            a *= alpha
            a += np.where(share, share * g, 0)  # where a row is not centered a stays 0, and so s - a² is s
            b *= momentum
            b += g / (np.sqrt(s - a * a + inside) + eps)
            w -= lr * b
