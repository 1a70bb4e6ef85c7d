"""What a layer computes, in a form that gives a network the same bits alone as beside others in a stack.

torch's matrix products, ReLU, tanh, softmax and sums do so; the two operations that do not are written otherwise here.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return x w + b [k, n, n_out] for x [k, n, n_in], weight [k, n_in, n_out] and bias [k, 1, n_out]."""
    # A matrix of one row or column is a vector to the BLAS, and how it sums depends on where in memory that begins.
    if weight.shape[1] == 1:
        return torch.addcmul(bias, x, weight)
    if weight.shape[2] == 1:
        return (x * weight.mT).sum(2, keepdim=True) + bias
    return torch.baddbmm(bias, x, weight)


def sigmoid(z: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-z)).

    torch.sigmoid computes the last few elements of a tensor by another formula than the rest, so that it matters how
    many there are.
    """
    return F.logsigmoid(z).exp()


def activation(name: str) -> Callable[[Tensor], Tensor]:
    """Return the function of an entry of `ACTIVATIONS`: in place where torch has it, so as to spare an array."""
    return sigmoid if name == "sigmoid" else getattr(F, name + "_", None) or getattr(F, name)
