"""A stack is k networks of one shape that live in one array [k, P] and are evaluated as one."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from networks import operations
from networks.normalisation import BatchNorm
from networks.weights import count_weights

CACHED = 2**18  # numbers: a megabyte or two


class Stack:
    """k multilayer perceptrons with `sizes` = (inputs, *hidden, outputs) units, row i of `params` being network i.

    A row holds the weights of every layer, [n_in, n_out] each, and then the biases of every layer, so that penalties
    and a rule of their own can take the first `n_weights` columns or the others. Where the last `normalised` networks
    normalise their hidden layers by the batch, the rows go on with gammas, betas, running means and running variances
    of every hidden layer, which mean nothing to the other networks.

    `params` and `grads` are NumPy arrays; torch looks at the same memory, so a rule that steps `params` in place moves
    the networks.
    """

    def __init__(self, sizes: Sequence[int], activation: str, params: np.ndarray, normalised: int = 0) -> None:
        self._made = tuple(sizes), activation, normalised
        self.params = params
        self.grads = np.zeros_like(params)
        self.n_weights = count_weights(sizes)
        self.activation = operations.activation(activation)
        self._by_sums = operations.by_sums(activation)
        self.weights, self.biases, *norms = _views(sizes, params, bool(normalised))
        self._weight_grads, self._bias_grads, *norm_grads = _views(sizes, self.grads, bool(normalised))
        self._normalised = slice(len(params) - normalised, None)
        self._norms = [
            BatchNorm(*(view[self._normalised] for view in views))
            for views in zip(*norms, *norm_grads[:2], strict=True)
        ]

    def copy(self) -> Stack:
        """Return these networks in memory of their own: what is tried on them leaves the others as they are."""
        sizes, activation, normalised = self._made
        return Stack(sizes, activation, self.params.copy(), normalised)

    @torch.inference_mode()
    def __call__(self, x: Tensor, masks: Sequence[Tensor | None] = ()) -> Tensor:
        """Return the outputs [k, n, n_out] in training for inputs [k, n, n_in]; `masks` multiply hidden activations.

        A mask that is None multiplies nothing. One mask more than there are hidden layers multiplies the outputs.

        What `backward` needs is kept until the next call, the hidden layers' `activations` too, before their masks;
        running means and variances move.
        """
        self.activations: list[Tensor] = []
        self._inputs, self._masks, self._moments = [x], masks, []
        for layer, (weight, bias) in enumerate(zip(self.weights[:-1], self.biases[:-1], strict=True)):
            x = operations.affine(x, weight, bias)
            if self._norms:
                self._moments.append(self._norms[layer].train(x[self._normalised]))
            x = self.activation(x)
            self.activations.append(x)
            x = self._masked(x, layer)
            self._inputs.append(x)
        return self._masked(operations.affine(x, self.weights[-1], self.biases[-1]), len(self.weights) - 1)

    def _masked(self, values: Tensor, layer: int) -> Tensor:
        """Return what a layer tells, or its derivative, times the mask of that layer where it has one."""
        mask = self._masks[layer] if layer < len(self._masks) else None
        return values if mask is None else values * mask

    @torch.inference_mode()
    def backward(self, slope: Tensor) -> None:
        """Fill `grads` with the gradient of a loss whose derivative by the outputs of the last call is `slope`.

        No network's loss depends on another's weights, so row i is the gradient of network i alone.
        """
        delta = self._masked(slope, len(self.weights) - 1)
        for layer in reversed(range(len(self.weights))):
            operations.by_weights(self._inputs[layer], delta, self._weight_grads[layer])
            torch.sum(delta, 1, keepdim=True, out=self._bias_grads[layer])
            if layer < len(self._norms) and slope.shape[1] > 1:
                # The batch's mean takes this bias away again. The sum is only nearly 0, which some rules would blow up.
                self._bias_grads[layer][self._normalised] = 0
            if layer == 0:
                return
            delta = self._masked(operations.by_inputs(delta, self.weights[layer]), layer - 1)
            delta = self._by_sums(delta, self.activations[layer - 1])
            if self._norms:
                self._norms[layer - 1].backward(delta[self._normalised], *self._moments[layer - 1])

    def layers(self, x: Tensor) -> Iterator[Tensor]:
        """Yield what every layer tells the next, [k, n, units], without dropout, for inputs [k, n, n_in].

        The last are the outputs. Batch normalisation goes by its running means and variances.
        """
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = operations.affine(x, weight, bias)
            if layer < len(self.weights) - 1:
                if self._norms:
                    self._norms[layer].evaluate(x[self._normalised])
                x = self.activation(x)
            yield x

    @torch.inference_mode()
    def evaluate(self, x: Tensor, which: Tensor) -> Tensor:
        """Return the outputs [k, n, n_out] without dropout; network i sees table `which[i]` of x [tables, n, n_in].

        Rows go through in blocks, so that what one layer hands to the next stays in the processor's cache. The blocks
        are of equal size, since one with a single row would be computed by another order of summation.
        """
        k = len(self.params)
        widest = max(x.shape[2], k * max(weight.shape[2] for weight in self.weights))
        blocks = x.tensor_split(max(1, math.ceil(x.shape[1] / max(CACHED // widest, 64))), dim=1)
        shared = len(x) == 1
        inputs = (block.expand(k, -1, -1) if shared else block[which] for block in blocks)
        return torch.cat([deque(self.layers(block), maxlen=1).pop() for block in inputs], dim=1)


def _views(sizes: Sequence[int], array: np.ndarray, batch_norm: bool) -> list[list[Tensor]]:
    """Return views of [k, P]: weights [k, n_in, n_out] of every layer, biases [k, 1, n_out] of every layer.

    With `batch_norm` four lists follow, of gammas, betas, running means and variances [k, 1, units].
    """
    kinds = [list(pairwise(sizes)), [(1, units) for units in sizes[1:]]]
    if batch_norm:
        kinds += 4 * [[(1, units) for units in sizes[1:-1]]]
    lengths = [rows * columns for kind in kinds for rows, columns in kind]
    parts = iter(torch.from_numpy(array).split(lengths, dim=1))
    return [[next(parts).unflatten(1, shape) for shape in kind] for kind in kinds]
