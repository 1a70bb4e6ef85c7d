"""A stack computes what torch.nn computes, network by network, to the last bit whatever the others are."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score
from torch import nn

from networks import ACTIVATIONS, INITS, count_params, count_weights, draw_weights
from networks.operations import activation, affine
from networks.stack import Stack
from networks.tasks import TASKS

TORCH_ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
sizes_of_networks = st.lists(st.integers(1, 70), min_size=2, max_size=5)


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def module(sizes, name, row) -> nn.Sequential:
    """The network of one row of a stack, in torch.nn."""
    row = torch.from_numpy(row.copy())
    layers: list[nn.Module] = []
    at, bias_at = 0, count_weights(sizes)
    for n_in, n_out in itertools.pairwise(sizes):
        linear = nn.Linear(n_in, n_out)
        linear.weight.data = row[at : at + n_in * n_out].view(n_in, n_out).T.clone()
        linear.bias.data = row[bias_at : bias_at + n_out].clone()
        at, bias_at = at + n_in * n_out, bias_at + n_out
        layers += [linear, TORCH_ACTIVATIONS[name]()]
    return nn.Sequential(*layers[:-1])


def flat_gradient(network: nn.Sequential) -> np.ndarray:
    linears = [layer for layer in network if isinstance(layer, nn.Linear)]
    weights = [linear.weight.grad.T.flatten() for linear in linears]
    return torch.cat(weights + [linear.bias.grad for linear in linears]).numpy()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(5, 7, 3), (4, 6, 1, 5, 1), (1, 3), (3, 1)])
def test_stack_is_torch_nn_row_by_row(name, sizes):
    params = drawn(4, count_params(sizes))
    x = torch.from_numpy(drawn(11, sizes[0], seed=1))
    slope = torch.from_numpy(drawn(4, 11, sizes[-1], seed=2))
    stack = Stack(sizes, name, params)
    outputs = stack(x.expand(4, -1, -1))
    stack.backward(outputs, slope)
    for row in range(4):
        network = module(sizes, name, params[row])
        expected = network(x)
        expected.backward(slope[row])
        torch.testing.assert_close(outputs[row], expected)
        torch.testing.assert_close(stack.evaluate(x)[row], expected)
        np.testing.assert_allclose(stack.grads[row], flat_gradient(network), rtol=1e-4, atol=1e-5)


def test_a_change_of_params_in_place_moves_the_networks():
    params = drawn(2, count_params((3, 4, 1)))
    stack = Stack((3, 4, 1), "tanh", params)
    x = torch.from_numpy(drawn(5, 3))
    before = stack.evaluate(x)
    params[1] *= 2
    assert torch.equal(stack.evaluate(x)[0], before[0])
    assert not torch.equal(stack.evaluate(x)[1], before[1])


def test_masks_multiply_the_hidden_activations():
    stack = Stack((3, 4, 2), "relu", drawn(1, count_params((3, 4, 2))))
    x, mask = torch.from_numpy(drawn(1, 6, 3)), torch.from_numpy(drawn(1, 6, 4, seed=1))
    hidden = torch.relu(affine(x, stack.weights[0], stack.biases[0])) * mask
    torch.testing.assert_close(stack(x, [mask]), affine(hidden, stack.weights[1], stack.biases[1]))


@settings(max_examples=200, deadline=None)
@given(sizes_of_networks, st.sampled_from(sorted(ACTIVATIONS)), st.integers(2, 12), st.integers(1, 150))
def test_a_network_is_the_same_bits_alone_as_in_a_stack(sizes, name, k, rows):
    """On one thread, as training runs: outputs, gradients, and outputs without dropout taken in blocks."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    params = drawn(k, count_params(sizes))
    x = torch.from_numpy(drawn(rows, sizes[0], seed=1))
    slope = torch.from_numpy(drawn(k, rows, sizes[-1], seed=2))
    stack = Stack(sizes, name, params)
    outputs = stack(x.expand(k, -1, -1))
    stack.backward(outputs, slope)
    for row in range(k):
        alone = Stack(sizes, name, params[row : row + 1].copy())
        output = alone(x.expand(1, -1, -1))
        alone.backward(output, slope[row : row + 1].clone())
        assert torch.equal(output[0], outputs[row])
        np.testing.assert_array_equal(alone.grads[0], stack.grads[row])
        assert torch.equal(alone.evaluate(x)[0], stack.evaluate(x)[row])
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_torchs_far_out_as_well(name):
    z = torch.tensor([-200.0, -90, -20, -1, -1e-3, 0, 1e-3, 1, 20, 90, 200])
    torch.testing.assert_close(activation(name)(z.clone()), TORCH_ACTIVATIONS[name]()(z), rtol=1e-5, atol=1e-30)


def task_case(name: str):
    rng = np.random.default_rng(0)
    outputs = torch.tensor(rng.standard_normal((3, 40, 4 if name == "classes" else 1)) * 3, dtype=torch.float32)
    if name == "classes":
        return outputs, torch.from_numpy(rng.integers(0, 4, 40)), nn.CrossEntropyLoss()
    y = rng.standard_normal(40) if name == "numbers" else rng.integers(0, 2, 40)
    return outputs, torch.tensor(y, dtype=torch.float32), nn.MSELoss() if name == "numbers" else nn.BCEWithLogitsLoss()


@pytest.mark.parametrize("name", TASKS)
def test_losses_are_torchs_and_slopes_are_their_derivatives(name):
    outputs, y, criterion = task_case(name)
    outputs.requires_grad_()
    loss, _ = TASKS[name].measure(outputs.detach(), y)
    for row in range(3):
        expected = criterion(outputs[row].squeeze(1), y)
        assert loss[row] == pytest.approx(expected.item(), rel=1e-6)
        (gradient,) = torch.autograd.grad(expected, outputs)
        torch.testing.assert_close(TASKS[name].slope(outputs.detach(), y)[row] / 40, gradient[row])
    own = TASKS[name].slope(outputs.detach(), y.expand(3, -1))
    assert torch.equal(own, TASKS[name].slope(outputs.detach(), y)), "targets may also be given network by network"


@pytest.mark.parametrize("name", TASKS)
def test_scores_are_those_of_scikit_learn(name):
    outputs, y, _ = task_case(name)
    _, score = TASKS[name].measure(outputs, y)
    for row, z in enumerate(outputs.numpy()):
        if name == "numbers":
            assert score[row] == pytest.approx(r2_score(y.numpy(), z[:, 0]), rel=1e-6)
        else:
            told = z.argmax(1) if name == "classes" else z[:, 0] > 0
            assert score[row] == accuracy_score(y.numpy(), told)


@pytest.mark.parametrize("name", TASKS)
def test_a_diverged_network_has_neither_loss_nor_score(name):
    outputs, y, _ = task_case(name)
    outputs[1, 7] = math.nan
    loss, score = TASKS[name].measure(outputs, y)
    assert np.isnan(loss).tolist() == np.isnan(score).tolist() == [False, True, False]


@pytest.mark.parametrize(("name", "reference"), [("xavier", nn.init.xavier_normal_), ("he", nn.init.kaiming_normal_)])
def test_inits_spread_as_torchs_do(name, reference):
    torch.manual_seed(0)
    for n_in, n_out in ((300, 200), (100, 600)):
        ours = draw_weights((n_in, n_out), name, 1.0, np.random.default_rng(0))
        theirs = reference(torch.empty(n_out, n_in))
        assert ours.std() == pytest.approx(theirs.std().item(), rel=0.02)
        assert ours.mean() == pytest.approx(0, abs=0.02 * ours.std())


@pytest.mark.parametrize("name", INITS)
def test_inits_differ_in_spread_alone(name):
    sizes = (6, 5, 4)
    weights = draw_weights(sizes, name, 0.5, np.random.default_rng(7))
    draws = np.random.default_rng(7).standard_normal(50) if INITS[name].random else np.ones(50)
    spread = np.repeat([INITS[name].spread(6, 5), INITS[name].spread(5, 4)], [30, 20])
    np.testing.assert_array_equal(weights, 0.5 * spread * draws)


def test_counts_are_those_of_torch_nn():
    sizes = (10, 32, 64, 32, 16, 4, 1)
    counted = [parameter.numel() for parameter in module(sizes, "relu", drawn(count_params(sizes))).parameters()]
    assert count_params(sizes) == sum(counted)
    assert count_weights(sizes) == sum(counted[::2])
