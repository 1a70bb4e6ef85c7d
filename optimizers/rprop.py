"""Rprop looks at signs alone: a parameter's step grows while its slope keeps its sign, and shrinks when it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizers.lines import Line
from optimizers.rule import Array, Optimizer, State, in_cache, quiet
from spec import N_, Refused, setting


@dataclass(frozen=True)
class Rprop(Optimizer):
    """Rprop: d ← d · (etaplus if g keeps its sign, etaminus if it changes), within bounds; w ← w - d · sign(g).

    Source: Riedmiller and Braun 1993; `torch.optim.Rprop`, which on a change of sign stays and forgets the gradient,
    where the paper takes the last step back. `lr` is the first step alone. A gradient that is nan makes the parameter
    nan; torch leaves it where it is. Raises `Refused` unless 0 < etaminus < 1 < etaplus.
    """

    lr: float = setting(1e-2, N_("initial step size"), symbol=r"\eta", low=1e-4, high=1.0, log=True, minimum=0)
    etaminus: float = setting(0.5, N_("decrease factor"), symbol=r"\eta_-", low=0.1, high=0.9, minimum=0, below=1)
    etaplus: float = setting(1.2, N_("increase factor"), symbol=r"\eta_+", low=1.05, high=2.0, minimum=1)
    step_size_min: float = setting(
        1e-6, N_("minimum step size"), symbol=r"\delta_-", low=1e-9, high=1e-2, log=True, minimum=0
    )
    step_size_max: float = setting(
        50.0, N_("maximum step size"), symbol=r"\delta_+", low=1e-2, high=100.0, log=True, minimum=0
    )

    key = "rprop"
    title = N_("Rprop")
    sentence = N_(
        "Uses only the sign of each derivative: steps grow while the sign stays the same and shrink when it "
        "changes. For full batches only: in small batches the signs are noise."
    )
    formula = r"""\begin{aligned}
d &\leftarrow \begin{cases} \eta_+\, d & g\, g' > 0 \\ \eta_-\, d & g\, g' < 0 \\ d & g\, g' = 0 \end{cases}
\qquad \delta_- \le d \le \delta_+ \\
g' &\leftarrow \begin{cases} 0 & g\, g' < 0 \\ g & \text{otherwise} \end{cases} \\
w &\leftarrow w - d\, \operatorname{sign}(g')
\end{aligned}"""
    paper = (
        "Martin Riedmiller and Heinrich Braun, "
        "A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm, 1993"
    )
    paper_url = "https://doi.org/10.1109/ICNN.1993.298623"
    published = "1993-03"
    torch = (
        "Rprop(parameters, lr={lr}[, etas=({etaminus}, {etaplus})][, step_sizes=({step_size_min}, {step_size_max})])"
    )
    family = "searching"
    slots = ("prev", "step_size")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.etaminus == 0 or self.etaplus == 1:
            raise Refused(N_("Rprop needs a decrease factor between 0 and 1 and an increase factor above 1."))

    def init(self, params: Array) -> State:
        """Return the state before the first step; every parameter's step is `lr` long."""
        state = super().init(params)
        state["step_size"] += np.asarray(self.lr, params.dtype)
        return state

    @property
    def lines(self) -> tuple[Line, ...]:
        agree = N_("1 if the derivative keeps its sign, −1 if the sign changes.")
        sizes = N_("A step size for each coordinate: longer if the sign stays the same, shorter if it changes.")
        kept = N_("After a change of sign the gradient is set to 0: this coordinate waits for one step.")
        step = N_("The step: with these step sizes; only the sign of the gradient is used.")
        factor = r"\cases{<etaplus>}{<agree> > 0}{\cases{<etaminus>}{<agree> < 0}{1}}"
        size = rf"\min(\max(<d'>\,{factor}, <step_size_min>), <step_size_max>)"
        return (
            Line("agree", "a", r"\sign(<g>)\,\sign(<prev'>)", agree, "factor"),
            Line("d", "d", size, sizes, "rate", "step_size"),
            Line("prev", r"\tilde g", r"\cases{0}{<agree> < 0}{<g>}", kept, "memory", "prev"),
            Line("step", r"\Delta w", r"-<d>\,\sign(<prev>)", step, "step"),
        )

    @quiet
    def step(self, params: Array, grads: Array, state: State) -> None:
        state["step"] += 1
        arrays = params, grads, state["prev"], state["step_size"]
        coefficients = self.etaminus, self.etaplus, self.step_size_min, self.step_size_max
        for (w, g, previous, d), (shorter, longer, least, most) in in_cache(arrays, coefficients):
            agreement = np.sign(g) * np.sign(previous)  # of the signs: a product of tiny slopes would be 0
            d *= np.where(agreement > 0, longer, np.where(agreement < 0, shorter, 1))
            np.clip(d, least, most, out=d)
            previous[...] = np.where(agreement < 0, 0, g)
            w -= d * np.sign(previous)
