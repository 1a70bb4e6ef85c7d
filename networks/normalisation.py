"""Batch normalization: brings each unit's pre-activations to mean 0 and variance 1 over the batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

EPS = 1e-5
MOMENTUM = 0.1


class BatchNorm(NamedTuple):
    """Batch normalization after one layer of k networks: z ← gamma · (z - mean) / sqrt(variance + eps) + beta.

    In training, mean and variance are those of the batch, and the running values are updated: running ← 0.9 · running +
    0.1 · batch (with n - 1 in the batch variance). In evaluation the running values are used. A batch of one row has no
    variance: in training it is normalized with the running values, where torch raises an error. All arrays are [k, 1,
    units].

    Source: Ioffe and Szegedy 2015, Batch normalization; eps and momentum as in `torch.nn.BatchNorm1d`.
    """

    gamma: Tensor
    beta: Tensor
    running_mean: Tensor
    running_variance: Tensor
    gamma_grad: Tensor
    beta_grad: Tensor

    def train(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Normalize pre-activations [k, n, units] in place, in training mode; return what `backward` needs.

        That is the normalized values before gamma and beta, [k, n, units], and 1 / sqrt(variance + eps), [k, 1, units].
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
        """Normalize pre-activations [k, n, units] in place with the running mean and variance."""
        scale = self.gamma * (self.running_variance + EPS).rsqrt()
        torch.addcmul(self.beta - self.running_mean * scale, z, scale, out=z)

    def backward(self, delta: Tensor, normal: Tensor, inverse: Tensor) -> None:
        """Turn `delta`, the gradient w.r.t. the output, in place into that w.r.t. the input; fill gamma's and beta's.

        Each input also changes the mean and variance of its batch, which gives the second and third term of gamma /
        sqrt(variance + eps) · (delta - mean(delta) - normal · mean(delta · normal)).
        """
        n = delta.shape[1]
        torch.sum(delta * normal, 1, keepdim=True, out=self.gamma_grad)
        torch.sum(delta, 1, keepdim=True, out=self.beta_grad)
        if n > 1:
            delta.addcmul_(normal, self.gamma_grad, value=-1 / n).sub_(self.beta_grad, alpha=1 / n)
        delta.mul_(self.gamma * inverse)
