"""A stack: k networks of the same shape, with parameters in one array [k, P], that are evaluated together."""

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

CACHED = 2**18  # numbers, which take one or two megabytes


class Stack:
    """k multilayer perceptrons with `sizes` = (inputs, *hidden, outputs) units; row i of `params` is network i.

    A row holds the weights of all layers, [n_in, n_out] each, and then the biases of all layers, so that penalties and
    a separate optimizer can take the first `n_weights` columns or the others. If the last `normalised` networks use
    batch normalization, the rows continue with gammas, betas, running means and running variances of all hidden layers,
    which the other networks do not use.

    `params` and `grads` are NumPy arrays that share their memory with torch tensors, so an optimizer that updates
    `params` in place updates the networks.
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
        """Return a copy of these networks with its own memory; changes to it do not affect these."""
        sizes, activation, normalised = self._made
        return Stack(sizes, activation, self.params.copy(), normalised)

    @torch.inference_mode()
    def __call__(self, x: Tensor, masks: Sequence[Tensor | None] = ()) -> Tensor:
        """Return the outputs [k, n, n_out] in training for inputs [k, n, n_in]; `masks` multiply hidden activations.

        A mask that is None is skipped. One mask more than there are hidden layers multiplies the outputs.

        What `backward` needs is kept until the next call, including the hidden layers' `activations` before their
        masks; running means and variances are updated.
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
        """Return a layer's output, or its gradient, times the mask of that layer if it has one."""
        mask = self._masks[layer] if layer < len(self._masks) else None
        return values if mask is None else values * mask

    @torch.inference_mode()
    def backward(self, slope: Tensor) -> None:
        """Fill `grads` with the gradient of a loss; `slope` is its derivative w.r.t. the outputs of the last call.

        No network's loss depends on another's weights, so row i is the gradient of network i alone.
        """
        delta = self._masked(slope, len(self.weights) - 1)
        for layer in reversed(range(len(self.weights))):
            operations.by_weights(self._inputs[layer], delta, self._weight_grads[layer])
            torch.sum(delta, 1, keepdim=True, out=self._bias_grads[layer])
            if layer < len(self._norms) and slope.shape[1] > 1:
                # Subtracting the batch mean cancels this bias. The sum is only nearly 0; some optimizers amplify it.
                self._bias_grads[layer][self._normalised] = 0
            if layer == 0:
                return
            delta = self._masked(operations.by_inputs(delta, self.weights[layer]), layer - 1)
            delta = self._by_sums(delta, self.activations[layer - 1])
            if self._norms:
                self._norms[layer - 1].backward(delta[self._normalised], *self._moments[layer - 1])

    def layers(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the output of each layer, [k, n, units], without dropout, for inputs [k, n, n_in].

        The last ones are the outputs of the networks. Batch normalization uses its running means and variances.
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
        """Return the outputs [k, n, n_out] without dropout; network i gets table `which[i]` of x [tables, n, n_in].

        Rows are processed in blocks, so that the activations between layers stay in the processor's cache. The blocks
        are of equal size, since a block of a single row would be summed in a different order.
        """
        k = len(self.params)
        widest = max(x.shape[2], k * max(weight.shape[2] for weight in self.weights))
        blocks = x.tensor_split(max(1, math.ceil(x.shape[1] / max(CACHED // widest, 64))), dim=1)
        shared = len(x) == 1
        inputs = (block.expand(k, -1, -1) if shared else block[which] for block in blocks)
        return torch.cat([deque(self.layers(block), maxlen=1).pop() for block in inputs], dim=1)


def _views(sizes: Sequence[int], array: np.ndarray, batch_norm: bool) -> list[list[Tensor]]:
    """Return views of [k, P]: weights [k, n_in, n_out] of every layer, biases [k, 1, n_out] of every layer.

    With `batch_norm` four lists follow: gammas, betas, running means and variances [k, 1, units].
    """
    kinds = [list(pairwise(sizes)), [(1, units) for units in sizes[1:]]]
    if batch_norm:
        kinds += 4 * [[(1, units) for units in sizes[1:-1]]]
    lengths = [rows * columns for kind in kinds for rows, columns in kind]
    parts = iter(torch.from_numpy(array).split(lengths, dim=1))
    return [[next(parts).unflatten(1, shape) for shape in kind] for kind in kinds]
