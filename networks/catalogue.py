"""The activation functions and the weight initializations to choose from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec import N_


@dataclass(frozen=True)
class Activation:
    """An activation function; its key in `ACTIVATIONS` is the function's name in `torch.nn.functional`.

    `module` is its class in `torch.nn`. `backward` names the function of `torch.ops.aten` that multiplies the incoming
    gradient by the derivative, followed by its arguments after that gradient and the activation. `limits` bound the
    values.
    """

    title: str
    module: str
    formula: str
    backward: tuple[Any, ...]
    limits: tuple[float, float] = (-math.inf, math.inf)


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(N_("ReLU"), "ReLU", r"\max(0, z)", ("threshold_backward", 0.0), (0.0, math.inf)),
    "leaky_relu": Activation(N_("Leaky ReLU"), "LeakyReLU", r"\max(z, 0.01\,z)", ("leaky_relu_backward", 0.01, True)),
    "tanh": Activation(N_("tanh"), "Tanh", r"\tanh z", ("tanh_backward",), (-1.0, 1.0)),
    "sigmoid": Activation(N_("Sigmoid"), "Sigmoid", r"\frac{1}{1 + e^{-z}}", ("sigmoid_backward",), (0.0, 1.0)),
}


@dataclass(frozen=True)
class Init:
    """A weight initialization: `spread(n_in, n_out)` times standard normal numbers or, if not `random`, times 1.

    `source` is the paper. The biases are always initialized to 0.
    """

    title: str
    formula: str
    spread: Callable[[int, int], float]
    random: bool = True
    source: str = ""


INITS: dict[str, Init] = {
    "ones": Init(N_("All equal"), r"w = s", lambda n_in, n_out: 1.0, random=False),
    "normal": Init(N_("Normal"), r"w \sim N(0, s^2)", lambda n_in, n_out: 1.0),
    "xavier": Init(
        N_("Xavier"),
        r"w \sim N\left(0, \frac{2 s^2}{n_\text{in} + n_\text{out}}\right)",
        lambda n_in, n_out: np.sqrt(2 / (n_in + n_out)),
        source="Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",
    ),
    "xavier_sqrt2": Init(
        N_("Xavier, std × √2"),
        r"w \sim N\left(0, \frac{4 s^2}{n_\text{in} + n_\text{out}}\right)",
        lambda n_in, n_out: 2 / np.sqrt(n_in + n_out),
        source="A common mistake: 2 / sqrt(n_in + n_out) as the standard deviation, where Glorot and Bengio's is sqrt 2"
        " smaller",
    ),
    "he": Init(
        N_("He"),
        r"w \sim N\left(0, \frac{2 s^2}{n_\text{in}}\right)",
        lambda n_in, n_out: np.sqrt(2 / n_in),
        source="He, Zhang, Ren, Sun (2015), Delving deep into rectifiers",
    ),
}
