"""Training agrees with torch and the lecture notes, and does not depend on how it is cut or what is trained with it."""

import copy
import math
import pickle
from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

import spec
from datasets import DATASETS, SCALERS, Dataset, prepare
from experiments import live, tables, training
from experiments.fit import Fit, History, State, advance, advance_for, begin, early_stop, fit, join
from experiments.variant import precision, sizes
from networks import ACTIVATIONS, INITS, count_params, count_weights
from optimizers import RULES, SCHEDULES, SGD, AdaGrad, Adam, Constant, Momentum, Optimizer, RMSProp
from spec import Refused

Cosine, Plateau, Step = (SCHEDULES[key] for key in ("cosine", "plateau", "step"))
SMALL = Fit(dataset="iris", hidden=(7, 5), batch_size=16, epochs=6)
TORCH_RULES = {
    "sgd": lambda params: torch.optim.SGD(params, lr=0.1),
    "momentum": lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9),
    "rmsprop": lambda params: torch.optim.RMSprop(params, lr=0.001),
    "adam": lambda params: torch.optim.Adam(params, lr=0.01),
}
OUR_RULES = {"sgd": SGD(lr=0.1), "momentum": Momentum(lr=0.1), "rmsprop": RMSProp(lr=0.001), "adam": Adam(lr=0.01)}


@pytest.fixture(autouse=True)
def _one_thread():
    """Networks of torch's are as small as ours here: threads would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# What is promised (docs/decisions/reproducible.md): the same bits where torch computes with MKL, else up to rounding.
EXACT = torch.backends.mkl.is_available()


def same(a, b) -> None:
    """Assert that two nested structures of arrays are equal: to the last bit where torch computes with MKL."""
    if isinstance(a, np.ndarray) and EXACT:
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, np.ndarray):
        np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-4, atol=1e-6)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        same(tuple(a.values()), tuple(b.values()))
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert a == b


def row(history: History, index: int) -> History:
    """What a history tells of one variant."""

    def cut(value):
        if isinstance(value, dict):
            return {name: cut(array) for name, array in value.items()}
        return None if value is None else value[index : index + 1]

    return History(*map(cut, history))


def params(state: State) -> np.ndarray:
    """The weights of all variants [k, P], in their order; they must be of one shape."""
    (group,) = state.groups
    return group.params[np.argsort(group.members)]


def batches(variants: list[Fit], epoch: int) -> list:
    """The batches of an epoch, for variants that learn from the same table."""
    which = torch.zeros(len(variants), dtype=torch.int64)
    return list(training.batches(variants, tables.tensors(variants[0]), which, epoch))


# What lecture notes print, and torch


NOTES = Fit(
    dataset="breast_cancer", hidden=(10,), activation="sigmoid", init="ones", optimizer=SGD(lr=1.0),
    bias_optimizer=SGD(lr=1.0), batch_size=None, epochs=1000, test_size=0.2, val_size=0.0, split_seed=0,
)  # fmt: skip


PENALTIES = [
    ({}, 0.956140350877193),
    ({"l1": 0.01}, 0.9473684210526315),
    ({"l2": 0.01}, 0.9649122807017544),
    ({"l1": 0.01, "l2": 0.01}, 0.9473684210526315),
    ({"optimizer": SGD(lr=0.1)}, 0.8771929824561403),
    ({"optimizer": SGD(lr=0.01)}, 0.8859649122807017),
]


@pytest.mark.heavy
@pytest.mark.reproducible
def test_breast_cancer_table_of_the_lecture_notes():
    """Accuracy on the test part, as printed, in every arithmetic."""
    changes, printed = zip(*PENALTIES, strict=True)
    assert fit([replace(NOTES, **change) for change in changes]).test_score.tolist() == list(printed)


WITH_VALIDATION = replace(NOTES, val_size=0.2, scaler_sees="train+val")


@pytest.mark.reproducible
def test_breast_cancer_table_with_a_validation_part():
    """After 500, 600, 700 and 1,000 epochs; a state may go on under a later end."""
    state = begin([replace(WITH_VALIDATION, epochs=500)])
    for epochs, printed in (
        (500, 0.9298245614035088), (600, 0.9473684210526315), (700, 0.9298245614035088), (1000, 0.956140350877193),
    ):  # fmt: skip
        state = state._replace(variants=(replace(state.variants[0], epochs=epochs),))
        state, chunk = advance(state, epochs)
        assert chunk.test_score.tolist() == [printed]


@pytest.mark.heavy
@pytest.mark.reproducible
def test_early_stopping_of_the_lecture_notes_has_too_short_a_patience():
    """Patience 10 ends training long before the loss has stopped falling; the notes count epochs from 0."""
    history = fit([WITH_VALIDATION], ("tests",))
    stop, best = early_stop(history.val_loss, patience=10)
    assert (stop - 1).tolist() == [585]
    assert best.tolist() == [576]
    assert history.records["tests"][0, 1, 2, stop[0]] == 0.9473684210526315
    assert history.val_loss[0, -1] < 0.9 * history.val_loss[0, best[0]]


def test_equal_weights_learn_slowly_and_in_jerks_as_the_lecture_notes_say():
    """Against N(0, 1) and Xavier: always behind, and after slowing down the loss falls faster again, and again."""
    loss = fit([replace(NOTES, init=init) for init in ("ones", "normal", "xavier")]).train_loss
    assert (loss[0] > 2 * loss[1:])[:, 1:].all()
    falls = -np.diff(loss[:, ::50])
    quicker = (falls[:, 1:] > 1.2 * falls[:, :-1]).sum(axis=1)
    assert quicker[0] >= 3
    assert not quicker[1:].any()


CONSTANT = Constant()
SCHEDULED = [
    ("sgd", Step(every=12, decay=0.3), 0.2),
    ("adam", Cosine(), 0.2),
    ("momentum", Plateau(decay=0.5, patience=1, threshold=0.02), 0.2),
    ("sgd", Plateau(decay=0.1, patience=0, threshold=0.05), 0.0),
]


@pytest.mark.parametrize(("key", "schedule", "val_size"), [(key, CONSTANT, 0.2) for key in TORCH_RULES] + SCHEDULED)
def test_training_is_torch_nn_and_torch_optim_over_50_epochs(key, schedule, val_size):
    """Same initial weights, same batches: breast cancer, 30-10-1, batches of 64.

    torch's scheduler steps after every epoch; a plateau is one of the validation loss, or else of the training loss.
    """
    rule = replace(OUR_RULES[key], schedule=schedule)
    variant = Fit(hidden=(10,), activation="tanh", optimizer=rule, batch_size=64, epochs=50, val_size=val_size)
    start = params(begin([variant]))[0]
    network = nn.Sequential(nn.Linear(30, 10), nn.Tanh(), nn.Linear(10, 1))
    for layer, shape, at, bias_at in ((network[0], (30, 10), 0, 310), (network[2], (10, 1), 300, 320)):
        layer.weight.data = torch.tensor(start[at : at + math.prod(shape)]).view(shape).T.clone()
        layer.bias.data = torch.tensor(start[bias_at : bias_at + shape[1]])
    parts = prepare(DATASETS["breast_cancer"], val_size=val_size)
    train, val, test = ([torch.from_numpy(array) for array in part[:2]] for part in parts[:3])
    criterion = nn.BCEWithLogitsLoss()
    optimizer = TORCH_RULES[key](network.parameters())
    known = {"optimizer": optimizer, "lr": rule.lr, "ticks": variant.epochs}
    scheduler = eval(schedule.torch_equivalent, vars(torch.optim.lr_scheduler) | known)
    rates = []

    def loss(part) -> torch.Tensor:
        return criterion(network(part[0])[:, 0], part[1])

    curves, by_batch = [[loss(train).item(), loss(val).item()]], [loss(train).item()]
    for epoch in range(1, 51):
        rates.append(optimizer.param_groups[0]["lr"])
        rows = training.random(0, "batches", epoch).permutation(len(train[1]))
        by_batch.append(0.0)
        for batch in np.split(rows, range(64, len(rows), 64)):
            optimizer.zero_grad()
            lost = loss([array[batch] for array in train])
            lost.backward()
            optimizer.step()
            by_batch[-1] += lost.item() * len(batch) / len(rows)
        curves.append([loss(train).item(), loss(val).item()])
        if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            scheduler.step(curves[-1][1 if val_size else 0])
        else:
            scheduler.step()

    assert (len(set(rates)) > 2) == (schedule != CONSTANT)
    history = fit([variant], ("batch_loss",))
    np.testing.assert_allclose([history.train_loss[0], history.val_loss[0]], np.transpose(curves), rtol=1e-6)
    np.testing.assert_allclose(history.records["batch_loss"][0], by_batch, rtol=1e-6)
    assert history.test_loss[0] == pytest.approx(loss(test).item(), rel=1e-6)
    assert history.test_score[0] == ((network(test[0])[:, 0] > 0) == (test[1] > 0.5)).double().mean().item()


# Alone or beside others, in one go or in pieces


PATIENT = Plateau(decay=0.5, patience=0, threshold=0.2)
RECORDED = ("traces", "batch_loss")
# Fields that may differ within a stack, and fields that put networks into stacks of their own.
within = st.fixed_dictionaries(
    {
        "optimizer": st.sampled_from([SGD(lr=0.1), SGD(lr=0.5), Momentum(lr=0.05), Adam(lr=0.01), AdaGrad(lr=0.1)])
        | st.sampled_from([SGD(lr=0.5, schedule=PATIENT), Adam(lr=0.03, schedule=Cosine())]),
        "bias_optimizer": st.sampled_from([None, SGD(lr=0.1), Adam(lr=0.01), SGD(lr=0.3, schedule=PATIENT)]),
        "init": st.sampled_from(sorted(INITS)),
        "init_scale": st.sampled_from([0.5, 1.0]),
        "l1": st.sampled_from([0.0, 0.01]),
        "l2": st.sampled_from([0.0, 0.1]),
        "dropout": st.sampled_from([0.0, 0.2, 0.5]),
        "dropout_by_layer": st.sampled_from([(), (0.3, 0.6)]),
        "batch_norm": st.booleans(),
        "seed": st.integers(0, 2),
        "linf": st.sampled_from([0.0, 0.0, 0.1]),
        "output_dropout": st.sampled_from([0.0, 0.0, 0.4]),
        "shuffle": st.booleans(),
        "scaling": st.sampled_from(sorted(SCALERS)),
        "label_noise": st.sampled_from([0.0, 0.3]),
    }
)
between = st.fixed_dictionaries(
    {
        "hidden": st.sampled_from([(7, 5), (7, 5), (6,)]),
        "activation": st.sampled_from(["relu", "relu", "tanh"]),
        "batch_size": st.sampled_from([16, 16, None]),
        "rows": st.sampled_from([None, None, 40]),
        "features": st.sampled_from([(), (), (2, 0)]),
        "stratify": st.sampled_from(["auto", "no"]),
        "precision": st.sampled_from(["auto", "auto", "float32"]),
        "fold": st.sampled_from([0, 1]),
        "folds": st.sampled_from([None, 3, 5]),
    }
).map(lambda fields: fields | {"fold": fields["fold"] if fields["folds"] else 0})


@pytest.mark.reproducible
@settings(max_examples=8, deadline=None)
@given(st.lists(st.builds(lambda a, b: replace(SMALL, **a, **b), within, between), min_size=2, max_size=5))
def test_a_variant_trains_to_the_same_bits_alone_as_beside_others(variants):
    together = fit(variants, RECORDED)
    for index, variant in enumerate(variants):
        same(row(together, index), fit([variant], RECORDED))


@pytest.mark.reproducible
@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_that_holds_for_every_data_set_and_activation(dataset, activation):
    shared = Fit(dataset=dataset, hidden=(9, 1, 6), activation=activation, batch_size=50, epochs=3, rows=120)
    variants = [shared, replace(shared, dropout=0.3), replace(shared, optimizer=SGD(lr=0.1), l2=0.1)]
    together = fit(variants)
    assert np.isfinite(together.test_loss).all()
    for index, variant in enumerate(variants):
        same(row(together, index), fit([variant]))


@pytest.mark.reproducible
def test_heavy_networks_share_the_cores_and_come_out_the_same(monkeypatch):
    """Cut into parts, in threads: as one stack, or alone."""
    variants = [
        replace(SMALL, optimizer=optimizer, batch_norm=batch_norm, seed=seed, precision="float64")
        for seed, (optimizer, batch_norm) in enumerate([(SGD(lr=0.1), False), (Adam(), True), (Adam(lr=0.1), False)])
    ] * 3 + [replace(SMALL, precision="float64", **other) for other in ({"hidden": (3,)}, {"folds": 3, "fold": 2})]
    records = ("traces", "zeros")
    expected, alone = fit(variants, records), fit(variants[1:2], records)
    monkeypatch.setattr(training, "HEAVY", 0)
    monkeypatch.setattr(training, "cores", lambda: 2)
    state = begin(variants, records)
    assert [len(group.members) for group in state.groups] == [5, 4, 1, 1]
    state, first = advance(state, 2)
    _, second = advance(state, 10)
    same(join([first, second]), expected)
    same(row(expected, 1), alone)


def test_an_error_in_a_thread_is_heard(monkeypatch):
    monkeypatch.setattr(training, "HEAVY", 0)
    monkeypatch.setattr(training, "cores", lambda: 2)
    state = begin([SMALL, SMALL])
    monkeypatch.setattr(training, "batches", lambda *_: [][0])
    with pytest.raises(IndexError):
        advance(state, 1)


def test_best_params_restore_what_batch_normalisation_remembered():
    """A run that ends where validation was best ends with the same row, running statistics included."""
    variant = replace(SMALL, rows=30, epochs=40, batch_norm=True, optimizer=Adam(lr=0.1))
    best = int(fit([variant]).best_epoch[0])
    assert 0 < best < 40
    (whole,) = advance(begin([variant]), 40)[0].groups
    (ending,) = advance(begin([replace(variant, epochs=best)]), best)[0].groups
    np.testing.assert_array_equal(whole.best_params, ending.params)
    assert not np.array_equal(whole.best_params, whole.params)


def test_penalties_and_the_rule_for_biases_know_their_columns_with_batch_normalisation():
    """With learning rate 0, weights, or biases, gammas and betas, do not change; running statistics do."""
    still, moving = SGD(lr=0.0), SGD(lr=0.1)
    shared = replace(SMALL, batch_norm=True, l1=0.1, l2=0.1)
    variants = [replace(shared, optimizer=still, bias_optimizer=moving),
                replace(shared, optimizer=moving, bias_optimizer=still)]  # fmt: skip
    state = begin(variants)
    moved = params(advance(state, 1)[0]) != params(state)
    units, last = sum(SMALL.hidden), count_params(sizes(SMALL), batch_norm=True)
    gammas = slice(last - 2 * units, last - units)
    assert not moved[0, :N_WEIGHTS].any()
    assert moved[0, gammas].all()
    assert not moved[1, N_WEIGHTS:last].any()
    assert moved[1, :N_WEIGHTS].all()
    assert moved[:, last:].all()


def test_a_large_state_is_moved_less_often(monkeypatch):
    """Its weight is told rightly, and chunks last ten times as long as moving it; the first keeps to its time."""
    state = live.begin(live.training([replace(SMALL, hidden=(300, 300), epochs=3)] * 3))
    asked = []
    monkeypatch.setattr(live, "advance_for", lambda state, seconds: asked.append(seconds) or advance(state, 1))
    monkeypatch.setattr(live, "MOVED", live.weight(state))
    state, _ = live.advance(state, 0.0)
    assert live.weight(state) == pytest.approx(len(pickle.dumps(state)), rel=0.1)
    state, _ = live.advance(state, 0.2)
    live.advance(state, 20.0)
    assert asked == [0.0, pytest.approx(10, rel=0.3), 20.0]


@pytest.mark.reproducible
def test_training_comes_out_the_same_however_it_is_cut():
    variants = [
        SMALL,
        replace(SMALL, dropout=0.3, optimizer=SGD(lr=0.1), bias_optimizer=Adam()),
        replace(SMALL, optimizer=Adam(lr=0.1, schedule=PATIENT), batch_norm=True),
        replace(SMALL, optimizer=SGD(lr=0.1, schedule=Cosine()), bias_optimizer=Adam(schedule=PATIENT)),
    ]
    variants += [replace(variants[1], hidden=(4,), folds=3, fold=1), replace(variants[2], batch_size=None)]
    whole = fit(variants, RECORDED)
    for advancing in (lambda state: advance(state, 1), lambda state: advance(state, 4), lambda s: advance_for(s, 0.0)):
        state, chunks = begin(variants, RECORDED), []
        while not state.done:
            state, chunk = advancing(pickle.loads(pickle.dumps(state)))
            assert chunk.first_epoch == sum(chunk.train_loss.shape[1] for chunk in chunks)
            chunks.append(chunk)
            assert np.isnan(chunk.test_loss).all() == (not state.done)
        same(join(chunks), whole)


def test_advance_leaves_the_state_it_was_given_as_it_was():
    variants = [SMALL, replace(SMALL, optimizer=Momentum(lr=0.1, schedule=PATIENT))]
    state, _ = advance(begin(variants), 2)
    before = copy.deepcopy(state)
    first, second = advance(state, 2), advance(state, 2)
    same(state, before)
    same(first, second)
    assert not np.array_equal(params(first[0]), params(state))


def test_advance_for_stops_when_its_time_is_over_but_always_moves():
    state, chunk = advance_for(begin([replace(SMALL, epochs=5000)]), seconds=0.1)
    assert 1 <= state.epoch < 5000
    assert chunk.train_loss.shape == (1, state.epoch + 1)
    assert advance_for(state, seconds=0.0)[0].epoch == state.epoch + 1


def test_nothing_is_left_to_advance_at_the_end():
    state, _ = advance(begin([SMALL]), 100)
    assert state.done
    assert state.epoch == SMALL.epochs
    with pytest.raises(ValueError, match="cannot train"):
        advance(state, 1)
    with pytest.raises(ValueError, match="cannot train"):
        advance(begin([SMALL]), 0)


def test_variants_that_differ_in_dropout_alone_start_alike_and_see_the_same_batches():
    state = begin([SMALL, replace(SMALL, dropout=0.5), replace(SMALL, seed=1)])
    start = params(state)
    np.testing.assert_array_equal(start[0], start[1])
    assert not np.array_equal(start[0], start[2])
    together, alone = batches(list(state.variants), 1), batches([SMALL], 1)
    for (x, y, _), (alone_x, alone_y, _) in zip(together, alone, strict=True):
        assert torch.equal(x[0], alone_x[0])
        assert torch.equal(x[0], x[1])
        assert not torch.equal(x[0], x[2])
        assert torch.equal(y[0], alone_y[0])


# What it is made of


N_WEIGHTS = count_weights(sizes(SMALL))


def test_every_row_is_in_one_batch_of_an_epoch_and_epochs_are_shuffled_anew():
    data = tables.tensors(SMALL)
    epochs = [torch.cat([x[0] for x, _, _ in batches([SMALL], epoch)]) for epoch in (1, 2)]
    assert not torch.equal(*epochs)
    for rows in epochs:
        assert torch.equal(torch.sort(rows, dim=0).values, torch.sort(data.train_x[0], dim=0).values)
    ((x, y, _),) = batches([replace(SMALL, batch_size=None)], 1)
    assert torch.equal(x[0], data.train_x[0])
    assert torch.equal(y[0], data.train_y[0])


def test_dropout_keeps_the_mean_and_draws_the_same_for_every_rate():
    rates = (0.0, 0.3, 0.6)
    variants = [replace(SMALL, dropout=rate, hidden=(300, 200)) for rate in rates]
    drawn = [masks for _, _, masks in batches(variants, 1)]
    assert [mask.shape for mask in drawn[0]] == [(3, 16, 300), (3, 16, 200)]
    for layer in range(2):
        mask = torch.cat([masks[layer] for masks in drawn], dim=1)
        for rate, values in zip(rates, mask, strict=True):
            kept = 1 / (1 - torch.tensor(rate).double())  # rates are those of float32, in which they are compared
            assert set(values.unique().tolist()) == ({1.0} if rate == 0 else {0.0, kept.item()})
            assert (values == 0).double().mean().item() == pytest.approx(rate, abs=0.02)
            assert values.mean().item() == pytest.approx(1, abs=0.05)
        assert (mask[1] != 0)[mask[2] != 0].all(), "what the higher rate keeps, the lower keeps as well"
    assert not torch.equal(drawn[0][0], drawn[1][0])
    assert not torch.equal(drawn[0][0], batches(variants, 2)[0][2][0])


def test_dropout_is_for_training_only():
    chunk = advance(begin([SMALL, replace(SMALL, dropout=0.9)]), 2)[1]
    np.testing.assert_array_equal(chunk.train_loss[0, 0], chunk.train_loss[1, 0])
    assert chunk.train_loss[0, 1] != chunk.train_loss[1, 1]


def test_the_loss_of_the_batches_is_measured_before_each_step_and_with_dropout():
    """Of full batches it is the loss after the epoch before; with a learning rate of 0, only dropout changes it."""
    plain = replace(SMALL, batch_size=None, epochs=4, optimizer=SGD(lr=0.1), dropout=0.0)
    still = replace(plain, optimizer=SGD(lr=0.0))
    history = fit([plain, still, replace(still, dropout=0.5), replace(still, l2=0.1)], ("batch_loss",))
    by_batch = history.records["batch_loss"]
    np.testing.assert_allclose(by_batch[0, 1:], history.train_loss[0, :-1], rtol=1e-12)
    np.testing.assert_allclose(by_batch[[1, 3]], history.train_loss[[1, 3]], rtol=1e-12)  # without penalties
    assert (np.abs(by_batch[2, 1:] - history.train_loss[2, 1:]) > 1e-3).all()
    assert (by_batch[:, 0] == history.train_loss[:, 0]).all()


def test_penalties_add_to_the_gradients_of_weights_alone():
    """One full-batch step of gradient descent: w - lr · (g + l2 · w + l1 · sign w + linf · sign w where |w| is max)."""
    plain = replace(SMALL, batch_size=None, optimizer=SGD(lr=0.5))
    strengths = [(0.03, 0, 0), (0, 0.2, 0), (0, 0, 0.4), (0.03, 0.2, 0.4)]
    state = begin([plain, *(replace(plain, l1=l1, l2=l2, linf=linf) for l1, l2, linf in strengths)])
    start, after = params(state)[0], params(advance(state, 1)[0])
    weights = start[:N_WEIGHTS]
    largest = np.abs(weights) == np.abs(weights).max()
    assert largest.sum() == 1
    for moved, (l1, l2, linf) in zip(after[1:], strengths, strict=True):
        penalty = 0.5 * (l1 * np.sign(weights) + l2 * weights + linf * np.sign(weights) * largest)
        np.testing.assert_allclose(moved[:N_WEIGHTS], after[0, :N_WEIGHTS] - penalty, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(moved[N_WEIGHTS:], after[0, N_WEIGHTS:])


def test_the_largest_weights_share_their_penalty():
    """Where several weights are largest, each takes an even part, as the gradient of torch's `amax` has it."""
    plain = replace(SMALL, batch_size=None, init="ones", optimizer=SGD(lr=0.5), linf=0.4)
    state = begin([replace(plain, linf=0.0), plain])
    without, moved = params(advance(state, 1)[0])[:, :N_WEIGHTS]
    np.testing.assert_allclose(without - moved, 0.5 * 0.4 / N_WEIGHTS, rtol=1e-6)


def test_dropout_on_the_output_draws_by_itself_and_leaves_other_draws_alone():
    variants = [replace(SMALL, dropout=0.3), replace(SMALL, dropout=0.3, output_dropout=0.5)]
    hidden = [masks for _, _, masks in batches(variants[:1], 1)]
    both = [masks for _, _, masks in batches(variants, 1)]
    outputs = torch.cat([masks[-1] for masks in both], dim=1)
    for alone, beside in zip(hidden, both, strict=True):
        assert len(beside) == len(alone) + 1
        assert all(torch.equal(one[0], other[0]) for one, other in zip(alone, beside, strict=False))
    assert set(outputs[0].unique().tolist()) == {1.0}
    assert set(outputs[1].unique().tolist()) == {0.0, 2.0}


def test_without_shuffling_every_epoch_has_the_batches_of_the_table():
    still = replace(SMALL, shuffle=False)
    rows = tables.tensors(still).train_x[0]
    for epoch in (1, 2):
        assert torch.equal(torch.cat([x[0] for x, _, _ in batches([still], epoch)]), rows)
        mixed = [x for x, _, _ in batches([SMALL, still], epoch)]
        alone = [x for x, _, _ in batches([SMALL], epoch)]
        assert torch.equal(torch.cat([x[1] for x in mixed]), rows)
        assert torch.equal(torch.cat([x[0] for x in mixed]), torch.cat([x[0] for x in alone]))


def test_precision_follows_the_size_of_a_step_unless_it_is_chosen():
    heavy = Fit(dataset="mnist", hidden=(100,), batch_size=128)
    assert [precision(fit) for fit in (NOTES, heavy)] == ["float64", "float32"]
    for chosen in ("float32", "float64"):
        variant = replace(SMALL, precision=chosen)
        assert params(begin([variant])).dtype == chosen
        assert str(tables.tensors(variant).train_x.dtype) == f"torch.{chosen}"
    both = fit([replace(SMALL, precision="float32"), SMALL])
    np.testing.assert_allclose(both.train_loss[0], both.train_loss[1], rtol=1e-4)
    assert not np.array_equal(both.train_loss[0], both.train_loss[1])


def test_a_rule_for_the_biases_moves_them_alone():
    """With learning rate 0 on one part, only the other changes; equal rates on both are the same as one optimizer."""
    plain = replace(SMALL, optimizer=SGD(lr=0.1))
    still, moving = SGD(lr=0.0), SGD(lr=0.1)
    variants = [plain, replace(plain, bias_optimizer=moving), replace(plain, bias_optimizer=still),
                replace(plain, optimizer=still, bias_optimizer=moving)]  # fmt: skip
    state = begin(variants)
    start, after = params(state), params(advance(state, 2)[0])
    np.testing.assert_array_equal(after[0], after[1])
    assert not after[2, N_WEIGHTS:].any()
    assert (after[2, :N_WEIGHTS] != start[2, :N_WEIGHTS]).any()
    assert after[3, N_WEIGHTS:].all()
    np.testing.assert_array_equal(after[3, :N_WEIGHTS], start[3, :N_WEIGHTS])


def test_biases_follow_the_schedule_of_their_own_rule():
    """Rate 0 from the second epoch on, for the weights or for the biases, as against one epoch."""
    once = SGD(lr=0.1, schedule=Step(every=1, decay=0.0))
    variants = [replace(SMALL, optimizer=once, bias_optimizer=SGD(lr=0.1)),
                replace(SMALL, optimizer=SGD(lr=0.1), bias_optimizer=once), replace(SMALL, optimizer=once)]  # fmt: skip
    first, _ = advance(begin(variants), 1)
    kept = params(advance(first, 2)[0]) == params(first)
    assert kept[0, :N_WEIGHTS].all()
    assert not kept[0, N_WEIGHTS:].all()
    assert not kept[1, :N_WEIGHTS].all()
    assert kept[1, N_WEIGHTS:].all()
    assert kept[2].all()


@pytest.mark.parametrize("key", RULES)
def test_every_rule_lowers_the_loss(key):
    rule: type[Optimizer] = RULES[key]
    batch_size = None if rule.family == "searching" else SMALL.batch_size  # Rprop is for full batches
    variant = replace(SMALL, optimizer=rule(lr=0.02 * rule.lr_factor), batch_size=batch_size, epochs=15)
    loss = fit([variant]).train_loss[0]
    assert loss[-1] < 0.9 * loss[0]


def test_a_diverging_variant_ends_in_nan_and_harms_no_other():
    wild = replace(SMALL, dataset="diabetes", optimizer=SGD(lr=1e4), l2=0.1, epochs=30)
    tame = replace(wild, optimizer=Adam(lr=0.01), l2=0.0)
    history = fit([wild, tame])
    assert np.isnan(history.test_loss).tolist() == [True, False]
    assert np.isnan(history.train_score[0, -1])
    same(row(history, 1), fit([tame]))


@pytest.mark.parametrize("dataset", DATASETS)
def test_history_has_the_shapes_it_promises(dataset):
    shared = replace(SMALL, dataset=dataset, rows=100)
    history = fit([shared, replace(shared, seed=1)])
    several = len(tables.tensors(shared).val_y[0]) > 1 or DATASETS[dataset].task != "numbers"  # R² of one row is none
    for name in ("train_loss", "val_loss", "train_score", "val_score"):
        assert getattr(history, name).shape == (2, 7)
        assert np.isfinite(getattr(history, name)).all() == (several or name != "val_score")
    for name in ("test_loss", "test_score", "best_epoch", "best_test_score"):
        assert getattr(history, name).shape == (2,)
    assert (history.train_loss[:, -1] < history.train_loss[:, 0]).all()
    assert (history.boundary is None) == (DATASETS[dataset].box is None)


def test_best_weights_are_those_of_a_run_that_ends_at_the_best_epoch():
    variants = [
        Fit(dataset="wine", hidden=(32,), rows=30, epochs=60, optimizer=Adam(lr=0.03), seed=seed) for seed in range(4)
    ]
    history = fit(variants)
    np.testing.assert_array_equal(history.best_epoch, np.argmin(history.val_loss, axis=1))
    assert (history.best_epoch < 60).any()
    for index, variant in enumerate(variants):
        ending = fit([replace(variant, epochs=int(max(history.best_epoch[index], 1)))])
        assert ending.test_score[0] == history.best_test_score[index]


def test_without_a_validation_part_the_last_epoch_is_best():
    history = fit([replace(SMALL, val_size=0.0)])
    assert np.isnan(history.val_loss).all()
    assert np.isnan(history.val_score).all()
    assert history.best_epoch.tolist() == [6]
    assert history.counts[:, 1].sum() == 0
    assert history.best_test_score.tolist() == history.test_score.tolist()


def test_boundary_is_the_probability_of_class_1_over_the_box():
    variant = Fit(dataset="moons", hidden=(), scaling="none", epochs=20, optimizer=Adam(lr=0.1))
    state, chunk = advance(begin([variant]), 20)
    (x0, x1), (y0, y1) = DATASETS["moons"].box
    assert chunk.boundary.shape == (1, tables.GRID, tables.GRID)
    assert chunk.boundary.dtype == np.uint8
    a, b, c = params(state)[0]  # logistic regression: two weights and a bias
    for up, across, x, y in ((0, 0, x0, y0), (0, -1, x1, y0), (-1, 0, x0, y1), (-1, -1, x1, y1)):
        probability = 1 / (1 + np.exp(-(a * x + b * y + c)))
        assert chunk.boundary[0, up, across] == pytest.approx(255 * probability, abs=0.51)
    assert chunk.boundary.max() > 200
    assert chunk.boundary.min() < 55


def clouds(classes: int) -> Dataset:
    """Return a data set with two columns: a cloud of points around each of some corners of a polygon."""
    angles = 2 * np.pi * np.arange(classes) / classes
    centres = np.repeat(np.column_stack([np.cos(angles), np.sin(angles)]), 40, axis=0)
    points = centres + 0.2 * np.random.default_rng(0).standard_normal(centres.shape)
    return replace(
        DATASETS["moons"], key=f"clouds{classes}", task="classes", rows=len(points), box=((-2.0, 2.0), (-3.0, 3.0)),
        classes=tuple(map(str, range(classes))), read=lambda: (points, np.repeat(np.arange(classes), 40)),
    )  # fmt: skip


@pytest.mark.parametrize("classes", [3, 4, 10])
def test_boundary_of_several_classes_is_the_predicted_class(classes, monkeypatch):
    entry = clouds(classes)
    monkeypatch.setitem(DATASETS, entry.key, entry)
    variants = [
        Fit(dataset=entry.key, hidden=(), scaling="none", epochs=30, optimizer=Adam(lr=0.1), seed=seed)
        for seed in (0, 1)
    ]
    state, chunk = advance(begin(variants), 30)
    assert chunk.boundary.shape == (2, tables.GRID, tables.GRID)
    (x0, x1), (y0, y1) = entry.box
    points = np.stack(np.meshgrid(np.linspace(x0, x1, tables.GRID), np.linspace(y0, y1, tables.GRID)), -1)
    for drawn, weights in zip(chunk.boundary, params(state), strict=True):
        outputs = points @ weights[: 2 * classes].reshape(2, classes) + weights[2 * classes :]
        first, second = np.sort(outputs, axis=-1)[..., :-3:-1].transpose(2, 0, 1)
        clear = first - second > 1e-9  # a point between two classes may belong to either
        assert (drawn == outputs.argmax(-1))[clear].all()
    assert set(np.unique(chunk.boundary[0])) == set(range(classes))


def test_boundary_of_a_diverged_network_shows_no_class():
    drawn = tables.boundary(torch.full((1, tables.GRID**2, 4), math.nan))
    assert (drawn == tables.NO_CLASS).all()


# Early stopping


class KerasEarlyStopping:
    """The published algorithm of `keras.callbacks.EarlyStopping` (Keras 3, mode "min"), whose epochs count from 0."""

    def __init__(self, patience: int, min_delta: float, start_from_epoch: int) -> None:
        self.patience, self.min_delta, self.start_from_epoch = patience, min_delta, start_from_epoch
        self.wait, self.best, self.best_epoch, self.has_weights = 0, math.inf, 0, False
        self.stopped_epoch, self.stop_training = 0, False

    def on_epoch_end(self, epoch: int, loss: float) -> None:
        if epoch < self.start_from_epoch:
            return
        if not self.has_weights:
            self.has_weights, self.best_epoch = True, epoch
        self.wait += 1
        if loss + self.min_delta < self.best:
            self.best, self.best_epoch, self.wait = loss, epoch, 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.stop_training = epoch, True


def stopped_by_keras(losses: list[float], patience: int, min_delta: float, start: int) -> tuple[int, int]:
    """(stop, best), counted from 1; `losses` begin with that of the untrained network, which Keras never sees."""
    callback = KerasEarlyStopping(patience, min_delta, start)
    last = len(losses) - 1
    for epoch, loss in enumerate(losses[1:]):
        callback.on_epoch_end(epoch, loss)
        if callback.stop_training:
            return callback.stopped_epoch + 1, callback.best_epoch + 1
    return last, (callback.best_epoch + 1 if callback.has_weights else last)


LOSSES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 3.0])
RULE = {"patience": st.integers(1, 12), "min_delta": st.sampled_from([0.0, 0.25, 0.5]), "start": st.integers(0, 5)}


@given(
    val_loss=arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 30)),
                    elements=LOSSES | st.sampled_from([math.inf, math.nan])),
    **RULE,
)  # fmt: skip
def test_early_stop_is_keras_rule(val_loss, patience, min_delta, start):
    n = val_loss.shape[1] - 1
    expected = [
        (n, n) if np.isnan(losses).all() else stopped_by_keras(losses.tolist(), patience, min_delta, start)
        for losses in val_loss
    ]
    stop, best = early_stop(val_loss, patience, min_delta, start)
    assert list(zip(stop.tolist(), best.tolist(), strict=True)) == expected


@given(losses=st.lists(LOSSES, min_size=2, max_size=30), patience=RULE["patience"], min_delta=RULE["min_delta"])
def test_early_stop_is_skorch_rule(losses, patience, min_delta):
    from skorch.callbacks import EarlyStopping
    from skorch.history import History as Log

    log = Log()
    net = SimpleNamespace(history=log, verbose=0)
    callback = EarlyStopping(
        patience=patience, threshold=min_delta, threshold_mode="abs", load_best=False, sink=lambda *_, **__: None
    )
    callback.on_train_begin(net)
    for loss in losses[1:]:
        log.new_epoch()
        log.record("valid_loss", loss)
        log.record("epoch", len(log))
        try:
            callback.on_epoch_end(net)
        except KeyboardInterrupt:
            break
    stop, best = early_stop(np.array([losses]), patience, min_delta)
    assert (int(stop[0]), int(best[0])) == (len(log), callback.best_epoch_)


def test_what_early_stopping_cannot_be_is_refused():
    with pytest.raises(Refused, match="Patience"):
        early_stop(np.zeros((1, 3)), 0)
    for wrong in ({"min_delta": -1e-3}, {"start_from_epoch": -1}):
        with pytest.raises(Refused, match="negative"):
            early_stop(np.zeros((1, 3)), 1, **wrong)


# The Spec


def test_a_fit_is_frozen_hashable_picklable_and_has_a_stable_name():
    assert hash(SMALL) == hash(replace(SMALL))
    assert pickle.loads(pickle.dumps(SMALL)) == SMALL
    assert spec.digest(SMALL) == spec.digest(replace(SMALL))
    assert eval(repr(SMALL)) == SMALL
    with pytest.raises(FrozenInstanceError):
        SMALL.epochs = 3


def test_every_field_says_what_it_is():
    assert set(spec.settings(Fit)) == set(Fit.__dataclass_fields__)
    assert all(fact.label for fact in spec.settings(Fit).values())


@pytest.mark.parametrize(
    "fields",
    [
        {"dataset": "titanic ii"},
        {"activation": "step"},
        {"init": "zeros"},
        {"scaling": "log"},
        {"scaler_sees": "test"},
        {"hidden": [3]},
        {"hidden": (0,)},
        {"hidden": (513,)},
        {"hidden": (2.5,)},
        {"hidden": (4,) * 9},
        {"hidden": (512,) * 8, "dataset": "digits", "epochs": 5000},
        {"hidden": ("a",)},
        {"epochs": 0},
        {"epochs": 20_001},
        {"epochs": 10.5},
        {"epochs": True},
        {"epochs": None},
        {"epochs": 5000, "batch_size": 1},
        {"batch_size": 0},
        {"batch_size": "32"},
        {"batch_size": 1, "batch_norm": True},
        {"rows": 1},
        {"l1": -0.1},
        {"l2": math.nan},
        {"dropout": 1.0},
        {"init_scale": math.inf},
        {"test_size": 0.7},
        {"features": (4, 4)},
        {"features": (30,)},
        {"label_noise": 1.5},
        {"folds": 1},
        {"folds": 3, "fold": 3},
        {"dropout_by_layer": (0.5, 1.0)},
        {"val_size": 0.6},
        {"stratify": "maybe"},
        {"precision": "float16"},
        {"linf": -0.1},
        {"output_dropout": 1.0},
        {"seed": -1},
        {"seed": 2**31},
        {"optimizer": None},
        {"optimizer": "adam"},
        {"bias_optimizer": "adam"},
    ],
    ids=str,
)
def test_what_has_no_meaning_or_takes_too_long_is_refused(fields):
    with pytest.raises(Refused) as refused:
        Fit(**fields)
    assert str(refused.value).endswith(".")


def test_variants_of_one_shape_are_one_group_and_others_train_beside_them():
    variants = [SMALL, replace(SMALL, hidden=(3,)), replace(SMALL, seed=4, folds=3), replace(SMALL, scaling="none")]
    assert [sorted(group.members) for group in begin(variants).groups] == [[0, 3], [1], [2]]


def test_variants_that_cannot_train_side_by_side_are_refused():
    for other in (replace(SMALL, epochs=9), replace(SMALL, dataset="wine")):
        with pytest.raises(Refused, match="must have the same setting"):
            begin([SMALL, other])
    with pytest.raises(Refused, match="together"):
        begin([Fit(hidden=(512, 512), epochs=10)] * 30)
    with pytest.raises(ValueError, match="no such records"):
        begin([SMALL], ["dreams"])
