"""Batch normalisation: every unit's sums are brought to mean 0 and variance 1 over the batch, before its activation."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

EPS = 1e-5
MOMENTUM = 0.1


class BatchNorm(NamedTuple):
    """Batch normalisation after one layer of k networks: z ← gamma · (z - mean) / sqrt(variance + eps) + beta.

    In training, mean and variance are those of the batch, and running ones follow them: running ← 0.9 · running +
    0.1 · batch (of the variance, the one with n - 1). In evaluation the running ones are used. A batch of one row has
    no variance; in training it is normalised by the running ones, where torch refuses. All arrays are [k, 1, units].

    Source: Ioffe and Szegedy 2015, Batch normalization; eps and momentum as in `torch.nn.BatchNorm1d`.
    """

    gamma: Tensor
    beta: Tensor
    running_mean: Tensor
    running_variance: Tensor
    gamma_grad: Tensor
    beta_grad: Tensor

    def train(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Normalise sums [k, n, units] in place as in training; return what `backward` needs.

        That is the normalised sums before gamma and beta, [k, n, units], and 1 / deviation, [k, 1, units].
        """
        n = z.shape[1]
        mean = z.mean(1, keepdim=True) if n > 1 else self.running_mean
        normal = z - mean
        variance = (normal * normal).mean(1, keepdim=True) if n > 1 else self.running_variance
        inverse = (variance + EPS).rsqrt()
        normal *= inverse
        torch.addcmul(self.beta, self.gamma, normal, out=z)
        if n > 1:
            self.running_mean.lerp_(mean, MOMENTUM)
            self.running_variance.lerp_(variance * (n / (n - 1)), MOMENTUM)
        return normal, inverse

    def evaluate(self, z: Tensor) -> None:
        """Normalise sums [k, n, units] in place by the running mean and variance."""
        scale = self.gamma * (self.running_variance + EPS).rsqrt()
        torch.addcmul(self.beta - self.running_mean * scale, z, scale, out=z)

    def backward(self, delta: Tensor, normal: Tensor, inverse: Tensor) -> None:
        """Turn the derivative by what was normalised, in place, into that by the sums; write those by gamma and beta.

        What a sum adds to its unit's mean and variance moves all rows of the batch, hence the second and third term of
        gamma / deviation · (delta - mean(delta) - normal · mean(delta · normal)).
        """
        n = delta.shape[1]
        torch.sum(delta * normal, 1, keepdim=True, out=self.gamma_grad)
        torch.sum(delta, 1, keepdim=True, out=self.beta_grad)
        if n > 1:
            delta.addcmul_(normal, self.gamma_grad, value=-1 / n).sub_(self.beta_grad, alpha=1 / n)
        delta.mul_(self.gamma * inverse)
