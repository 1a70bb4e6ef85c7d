"""The operations of a layer and their gradients, such that a network gives the same bits alone as in a stack.

torch's matrix products, ReLU, tanh, softmax and sums do so; operations that do not are written differently here.

Gradients are computed layer by layer, from the last to the first (backpropagation): `delta` [k, n, n_out] is the
gradient of the loss with respect to a layer's output, and is turned into that with respect to its input.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from networks.catalogue import ACTIVATIONS

LARGE = 5_000  # weights of a layer above which copying their gradient takes longer than k products without a copy


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return x w + b [k, n, n_out] for x [k, n, n_in], weight [k, n_in, n_out] and bias [k, 1, n_out]."""
    # A matrix of one row or column is a vector to the BLAS, and how it sums depends on where in memory that begins.
    if weight.shape[1] == 1:
        return torch.addcmul(bias, x, weight)
    if weight.shape[2] == 1:
        return (x * weight.mT).sum(2, keepdim=True) + bias
    return torch.baddbmm(bias, x, weight)


def by_inputs(delta: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient with respect to the input of `affine`, delta wᵀ [k, n, n_in]."""
    if weight.shape[1] == 1:
        return (delta * weight).sum(2, keepdim=True)
    if weight.shape[2] == 1:
        return delta * weight.mT
    return torch.bmm(delta, weight.mT)


def by_weights(x: Tensor, delta: Tensor, out: Tensor) -> None:
    """Write the gradient with respect to the weights of `affine`, xᵀ delta, to `out` [k, n_in, n_out]."""
    n_in, n_out = out.shape[1:]
    if n_in == 1 or n_out == 1:
        out.copy_((x * delta).sum(1).view(out.shape))
    elif n_in * n_out < LARGE:
        out.copy_(torch.bmm(x.mT, delta))
    else:
        torch.bmm(x.mT, delta, out=out)  # torch runs this as k products, as a stack's rows are not contiguous


def sigmoid(z: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-z)).

    torch.sigmoid uses a different formula for the last few elements of a tensor than for the others, so that its values
    depend on the number of elements.
    """
    return F.logsigmoid(z).exp()


def activation(name: str) -> Callable[[Tensor], Tensor]:
    """Return the function of an entry of `ACTIVATIONS`, in place if torch has such a version, to save memory."""
    return sigmoid if name == "sigmoid" else getattr(F, name + "_", None) or getattr(F, name)


def by_sums(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return (delta, a) -> delta times the derivative of an activation function, where a is its output."""
    function, *arguments = ACTIVATIONS[name].backward
    backward = getattr(torch.ops.aten, function)
    return lambda delta, a: backward(delta, a, *arguments)
