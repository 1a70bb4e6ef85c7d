"""A stack is k networks of one shape that live in one array [k, P] and are evaluated as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from networks import operations
from networks.weights import count_weights

CACHED = 2**18  # float32 numbers: a megabyte


class Stack:
    """k multilayer perceptrons with `sizes` = (inputs, *hidden, outputs) units, row i of `params` being network i.

    A row holds the weights of every layer, [n_in, n_out] each, and then the biases of every layer, so that penalties
    and a rule of their own can take the first `n_weights` columns or the others. `params` and `grads` are NumPy
    arrays; torch looks at the same memory, so a rule that steps `params` in place moves the networks.
    """

    def __init__(self, sizes: Sequence[int], activation: str, params: np.ndarray) -> None:
        self.params = params
        self.grads = np.empty_like(params)
        self.n_weights = count_weights(sizes)
        self.activation = operations.activation(activation)
        # One leaf for each layer, not one for all: autograd then has no slices to put together again.
        self._leaves = [view.requires_grad_() for view in _views(sizes, params)]
        self._leaf_grads = _views(sizes, self.grads)
        layers = len(sizes) - 1
        self.weights, self.biases = self._leaves[:layers], self._leaves[layers:]

    def __call__(self, x: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """Return the outputs [k, n, n_out] for inputs [k, n, n_in]; `masks` multiply the hidden activations."""
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for layer, (weight, bias) in enumerate(hidden):
            x = self.activation(operations.affine(x, weight, bias))
            if masks:
                x = x * masks[layer]
        weight, bias = last
        return operations.affine(x, weight, bias)

    @torch.inference_mode()
    def evaluate(self, x: Tensor, which: Tensor) -> Tensor:
        """Return the outputs [k, n, n_out] without dropout; network i sees table `which[i]` of x [tables, n, n_in].

        Rows go through in blocks, so that what one layer hands to the next stays in the processor's cache. The blocks
        are of equal size, since one with a single row would be computed by another order of summation.
        """
        k, widest = len(self.params), max(weight.shape[2] for weight in self.weights)
        blocks = x.tensor_split(max(1, math.ceil(x.shape[1] / max(CACHED // (k * widest), 64))), dim=1)
        shared = len(x) == 1
        return torch.cat([self(block.expand(k, -1, -1) if shared else block[which]) for block in blocks], dim=1)

    def backward(self, outputs: Tensor, slope: Tensor) -> None:
        """Fill `grads` with the gradient of a loss whose derivative by the outputs is `slope`.

        No network's loss depends on another's weights, so row i is the gradient of network i alone.
        """
        # One call for all leaves: each copy alone takes longer to ask for than to do.
        grads = torch.autograd.grad(outputs, self._leaves, slope)
        torch._foreach_copy_(self._leaf_grads, grads)  # pyright: ignore[reportPrivateImportUsage]


def _views(sizes: Sequence[int], array: np.ndarray) -> list[Tensor]:
    """Return views of [k, P]: a [k, n_in, n_out] for the weights and then a [k, 1, n_out] for the biases per layer."""
    shapes = [*pairwise(sizes), *((1, n_out) for n_out in sizes[1:])]
    parts = torch.from_numpy(array).split([rows * columns for rows, columns in shapes], dim=1)
    return [part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)]
