"""A stack computes what torch.nn computes, network by network, to the last bit whatever the other networks are."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score
from torch import nn

from networks import ACTIVATIONS, INITS, count_params, count_weights, draw_weights, untrained
from networks.operations import activation
from networks.stack import Stack
from networks.tasks import TASKS

TORCH_ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
sizes_of_networks = st.lists(st.integers(1, 70), min_size=2, max_size=5)
FIRST = torch.zeros(4, dtype=torch.int64)  # four networks that see the same table


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def rows_of(k: int, sizes, batch_norm: bool = False) -> np.ndarray:
    """k networks as rows of a stack, of random numbers all over; running variances are positive."""
    length = len(untrained(sizes, "ones", 1.0, np.random.default_rng(0), batch_norm))
    params = drawn(k, length)
    if batch_norm:
        params[:, length - sum(sizes[1:-1]) :] = np.abs(params[:, length - sum(sizes[1:-1]) :]) + 0.1
    return params


def module(sizes, name, row, batch_norm: bool = False) -> nn.Sequential:
    """The network of one row of a stack, in torch.nn."""
    numbers = torch.from_numpy(row.copy())
    linears = [nn.Linear(n_in, n_out) for n_in, n_out in itertools.pairwise(sizes)]
    norms = [nn.BatchNorm1d(units) for units in sizes[1:-1]] if batch_norm else []
    takers = [(linear.weight, linear.weight.T.shape) for linear in linears]
    takers += [(linear.bias, linear.bias.shape) for linear in linears]
    for part in ("weight", "bias", "running_mean", "running_var"):
        takers += [(getattr(norm, part), (norm.num_features,)) for norm in norms]
    parts = numbers.split([math.prod(shape) for _, shape in takers])
    for (taker, shape), part in zip(takers, parts, strict=True):
        taker.data = part.view(shape).t().clone()
    layers: list[nn.Module] = []
    for layer, linear in enumerate(linears):
        layers += [linear, *norms[layer : layer + 1], TORCH_ACTIVATIONS[name]()]
    return nn.Sequential(*layers[:-1])


def numbers_of(network: nn.Sequential, gradients: bool = False) -> np.ndarray:
    """What a row of a stack holds, or the gradient by what of it moves."""
    linears = [layer for layer in network if isinstance(layer, nn.Linear)]
    norms = [layer for layer in network if isinstance(layer, nn.BatchNorm1d)]
    parts = [linear.weight for linear in linears] + [linear.bias for linear in linears]
    parts += [norm.weight for norm in norms] + [norm.bias for norm in norms]
    if gradients:
        parts = [part.grad for part in parts]
    else:
        parts += [norm.running_mean for norm in norms] + [norm.running_var for norm in norms]
    return torch.cat([part.detach().t().flatten() for part in parts]).numpy()


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(5, 7, 3), (4, 6, 1, 5, 1), (1, 3), (3, 1), (90, 80, 4)])
def test_stack_is_torch_nn_row_by_row(name, sizes, batch_norm):
    """Outputs in training and after it, gradients by autograd, and what batch normalisation remembers."""
    params = rows_of(4, sizes, batch_norm)
    x = torch.from_numpy(drawn(11, sizes[0], seed=1))
    slope = torch.from_numpy(drawn(4, 11, sizes[-1], seed=2))
    networks = [module(sizes, name, row, batch_norm) for row in params]
    stack = Stack(sizes, name, params, normalised=4 * batch_norm)
    outputs = stack(x.expand(4, -1, -1))
    stack.backward(slope)
    evaluated = stack.evaluate(x[None], FIRST)
    for row, network in enumerate(networks):
        expected = network(x)
        expected.backward(slope[row])
        torch.testing.assert_close(outputs[row], expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(evaluated[row], network.eval()(x), rtol=1e-4, atol=1e-4)
        gradient = numbers_of(network, gradients=True)
        assert not stack.grads[row, len(gradient) :].any()
        scale = np.abs(gradient).max()
        np.testing.assert_allclose(stack.grads[row, : len(gradient)], gradient, rtol=1e-3, atol=1e-4 * scale)
        np.testing.assert_allclose(params[row], numbers_of(network), rtol=1e-5, atol=1e-6)


def test_batch_normalisation_is_torchs_over_20_steps():
    """Gradient descent on batches of 12, the last of a pass of 5; then the running statistics are used."""
    sizes, rng = (6, 9, 8, 2), np.random.default_rng(0)
    params = np.stack([untrained(sizes, "he", scale, rng, batch_norm=True) for scale in (0.1, 1.0)]).astype(np.float32)
    networks = [module(sizes, "relu", row, batch_norm=True) for row in params]
    stack = Stack(sizes, "relu", params, normalised=2)
    moving = count_params(sizes, batch_norm=True)
    x, y = torch.from_numpy(3 + drawn(41, 6)), torch.from_numpy(drawn(41, 2, seed=1))
    for step in range(20):
        rows = slice(12 * (step % 4), 12 * (step % 4) + 12)
        outputs = stack(x[rows].expand(2, -1, -1))
        stack.backward(2 * (outputs - y[rows]) / outputs[0].numel())
        params[:, :moving] -= 0.1 * stack.grads[:, :moving]
        for network in networks:
            network.zero_grad()
            nn.functional.mse_loss(network(x[rows]), y[rows]).backward()
            with torch.no_grad():
                for parameter in network.parameters():
                    parameter -= 0.1 * parameter.grad
    for row, network in enumerate(networks):
        np.testing.assert_allclose(params[row], numbers_of(network), rtol=2e-3, atol=2e-4)
        evaluated = stack.evaluate(x[None], FIRST[:2])[row]
        torch.testing.assert_close(evaluated, network.eval()(x), rtol=2e-3, atol=2e-3)


def test_a_batch_of_one_row_is_normalised_by_the_running_statistics():
    sizes = (4, 6, 5, 3)
    params = rows_of(2, sizes, batch_norm=True)
    before = params.copy()
    stack = Stack(sizes, "tanh", params, normalised=2)
    x, slope = torch.from_numpy(drawn(1, 4)), torch.from_numpy(drawn(2, 1, 3))
    outputs = stack(x.expand(2, -1, -1))
    stack.backward(slope)
    np.testing.assert_array_equal(params, before)
    for row in range(2):
        network = module(sizes, "tanh", params[row], batch_norm=True).eval()
        expected = network(x)
        expected.backward(slope[row])
        torch.testing.assert_close(outputs[row], expected)
        gradient = numbers_of(network, gradients=True)
        np.testing.assert_allclose(stack.grads[row, : len(gradient)], gradient, rtol=1e-4, atol=1e-6)


def test_a_change_of_params_in_place_moves_the_networks_and_not_their_copies():
    params = rows_of(2, (3, 4, 1))
    stack = Stack((3, 4, 1), "tanh", params)
    twin = stack.copy()
    x = torch.from_numpy(drawn(1, 5, 3))
    before = stack.evaluate(x, FIRST[:2])
    params[1] *= 2
    after = stack.evaluate(x, FIRST[:2])
    assert torch.equal(after[0], before[0])
    assert not torch.equal(after[1], before[1])
    assert torch.equal(twin.evaluate(x, FIRST[:2]), before)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_masks_multiply_the_hidden_activations(batch_norm):
    """Forward and backward, by autograd; the layers of an evaluation know no mask."""
    sizes = (3, 4, 5, 2)
    params = rows_of(1, sizes, batch_norm)
    network = module(sizes, "relu", params[0], batch_norm)
    stack = Stack(sizes, "relu", params, normalised=int(batch_norm))
    x, slope = torch.from_numpy(drawn(1, 6, 3)), torch.from_numpy(drawn(1, 6, 2, seed=3))
    masks = [torch.from_numpy(drawn(1, 6, units, seed=units)) for units in sizes[1:-1]]
    expected, told = x[0], (mask[0] for mask in masks)
    for layer in network:
        expected = layer(expected) * next(told) if isinstance(layer, nn.ReLU) else layer(expected)
    expected.backward(slope[0])
    torch.testing.assert_close(stack(x, masks)[0], expected)
    stack.backward(slope)
    gradient = numbers_of(network, gradients=True)
    np.testing.assert_allclose(stack.grads[0, : len(gradient)], gradient, rtol=1e-3, atol=1e-4)
    *_, outputs = stack.layers(x)
    torch.testing.assert_close(outputs[0], network.eval()(x[0]))


@settings(max_examples=100, deadline=None)
@given(sizes_of_networks, st.sampled_from(sorted(ACTIVATIONS)), st.integers(2, 12), st.integers(1, 150), st.integers(0))
def test_a_network_is_the_same_bits_alone_as_in_a_stack(sizes, name, k, rows, normalised):
    """On one thread, as training runs: outputs, gradients, and outputs without dropout taken in blocks."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    normalised %= k + 1
    params = rows_of(k, sizes, normalised > 0)
    x = torch.from_numpy(drawn(rows, sizes[0], seed=1))
    slope = torch.from_numpy(drawn(k, rows, sizes[-1], seed=2))
    stack = Stack(sizes, name, params, normalised)
    before = params.copy()
    outputs = stack(x.expand(k, -1, -1))
    stack.backward(slope)
    evaluated = stack.evaluate(x[None], torch.zeros(k, dtype=torch.int64))
    for row in range(k):
        with_norm = row >= k - normalised
        length = params.shape[1] if with_norm else count_params(sizes)
        alone = Stack(sizes, name, before[row : row + 1, :length].copy(), int(with_norm))
        output = alone(x[None])
        alone.backward(slope[row : row + 1].clone())
        assert torch.equal(output[0], outputs[row])
        np.testing.assert_array_equal(alone.grads[0], stack.grads[row, :length])
        np.testing.assert_array_equal(alone.params[0], stack.params[row, :length])
        assert torch.equal(alone.evaluate(x[None], FIRST[:1])[0], evaluated[row])
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
    own = TASKS[name].measure(outputs, y.expand(3, -1))[1]
    np.testing.assert_array_equal(own, score, "targets may also be given network by network")
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
    for batch_norm in (False, True):
        network = module(sizes, "relu", rows_of(1, sizes, batch_norm)[0], batch_norm)
        counted = [parameter.numel() for parameter in network.parameters()]
        assert count_params(sizes, batch_norm) == sum(counted)
    linears = [layer.weight.numel() for layer in network if isinstance(layer, nn.Linear)]
    assert count_weights(sizes) == sum(linears)


def test_an_untrained_network_is_torchs_but_for_its_weights():
    row = untrained((5, 4, 3), "he", 0.5, np.random.default_rng(0), batch_norm=True)
    np.testing.assert_array_equal(row[:32], draw_weights((5, 4, 3), "he", 0.5, np.random.default_rng(0)))
    network = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3))
    np.testing.assert_array_equal(row[39:], numbers_of(network)[39:])
    assert not row[32:39].any()
