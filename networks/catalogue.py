"""The activations a hidden layer may use, and the ways its weights may start."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec import N_


@dataclass(frozen=True)
class Activation:
    """What a unit makes of its sum; the entry's key is the function's name in `torch.nn.functional`.

    `module` is its class in `torch.nn`. `backward` names the function of `torch.ops.aten` that multiplies by its
    derivative, and what that function is given after the derivative so far and the activation itself. `limits` are
    those between which its values lie.
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
    """How the weights of a layer start: `spread(n_in, n_out)` times standard normal numbers, or times 1.

    `source` is the paper. The biases always start at 0.
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
