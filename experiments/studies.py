"""A study is a question about networks, turned into variants that train together.

`Comparison` asks what one setting changes; `experiments.remedies` compares methods against overfitting.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any

from experiments.axes import AXES, LECTURE, Axis, suggested
from experiments.fit import Fit, check_size
from experiments.presets import Preset, offered
from experiments.stopping import Stopping
from optimizers import RULES, SGD, AdaGrad, Adam, Momentum, Optimizer, RMSProp
from spec import N_, Refused, check, same, setting, settings

MOST = 8


@dataclass(frozen=True)
class Comparison(Stopping):
    """Networks that differ in one setting: the one that `vary` names, an entry of `AXES`.

    `values` are its values as text; if empty, the default ones. If optimizers are compared, `contenders` are these;
    else the first contender is the optimizer of all. Everything else is shared: the data, the initial weights, the
    batches. With `apart` the biases have a learning rate of their own, like a parameter group, and with `bias_rule`
    also an optimizer of their own: "same", or the name of one. Early stopping is applied if there is a `patience`. With
    `seeds` above 1 there are that many networks of each kind, each with other initial weights and batches. Raises
    `Refused` if the networks are not valid.
    """

    dataset: str = same(Fit, "dataset", "breast_cancer")
    vary: str = setting("optimizer", N_("What varies"), choices=tuple(AXES))
    values: tuple[str, ...] = setting((), N_("values"), examples=("none", "0.1", "1"))
    contenders: tuple[Optimizer, ...] = setting(tuple(suggested(RULES[key]) for key in LECTURE), N_("Optimizers"))
    hidden: tuple[int, ...] = same(Fit, "hidden", (16, 16))
    activation: str = same(Fit, "activation", "relu")
    init: str = same(Fit, "init", "he")
    init_scale: float = same(Fit, "init_scale", 1.0)
    batch_size: int | None = same(Fit, "batch_size", 32)
    epochs: int = same(Fit, "epochs", 60)
    rows: int | None = same(Fit, "rows", None)
    features: tuple[int, ...] = same(Fit, "features", ())
    label_noise: float = same(Fit, "label_noise", 0.0)
    batch_norm: bool = same(Fit, "batch_norm", False)
    dropout: float = same(Fit, "dropout", 0.0)
    l1: float = same(Fit, "l1", 0.0)
    l2: float = same(Fit, "l2", 0.0)
    linf: float = same(Fit, "linf", 0.0)
    output_dropout: float = same(Fit, "output_dropout", 0.0)
    shuffle: bool = same(Fit, "shuffle", True)
    apart: bool = setting(False, N_("Separate learning rate for the biases"))
    bias_rule: str = setting(
        "same", N_("Optimizer for the biases"), choices=("same", *RULES), help=N_("same: the optimizer of the weights.")
    )
    bias_rate: float = setting(
        1.0, N_("Learning rate of the biases"), symbol=r"\eta", low=1e-3, high=10.0, log=True, minimum=0, maximum=1e6
    )
    scaling: str = same(Fit, "scaling", "standard")
    scaler_sees: str = same(Fit, "scaler_sees", "train")
    scale_target: bool = same(Fit, "scale_target", True)
    test_size: float = same(Fit, "test_size", 0.2)
    val_size: float = same(Fit, "val_size", 0.2)
    stratify: str = same(Fit, "stratify", "auto")
    split_seed: int = same(Fit, "split_seed", 0)
    seeds: int = setting(1, N_("seeds per variant"), low=1, high=5, minimum=1, maximum=8)
    seed: int = same(Fit, "seed", 0)
    _: KW_ONLY
    patience: int | None = same(Stopping, "patience", None)

    def __post_init__(self) -> None:
        check(self)
        if not 1 <= len(self.contenders) <= MOST:
            raise Refused(
                N_("Compare between 1 and {most} optimizers, not {count}."), most=MOST, count=len(self.contenders)
            )
        if self.values and self.vary == "optimizer":
            raise Refused(N_("To compare optimizers, choose the optimizers themselves instead of values."))
        if self.vary != "optimizer" and len(self.points) > MOST:
            raise Refused(N_("Compare at most {most} values."), most=MOST)
        check_size(self.variants())

    @property
    def axis(self) -> Axis:
        """The axis that varies."""
        return AXES[self.vary]

    @property
    def points(self) -> tuple[Any, ...]:
        """The values of the variants on the axis; for optimizers, the contenders."""
        if self.vary == "optimizer":
            return self.contenders
        return tuple(self.axis.read(text) for text in self.values or self.axis.usual(self.base)[:MOST])

    @property
    def base(self) -> Fit:
        """The network that all variants share, except for the setting that varies."""
        shared = {field.name: getattr(self, field.name) for field in fields(self) if field.name in settings(Fit)}
        return Fit(optimizer=self.contenders[0], **shared)

    @property
    def repeats(self) -> int:
        """How many networks of each kind there are."""
        return 1 if self.vary == "seed" else self.seeds

    def variants(self) -> tuple[Fit, ...]:
        """Return the networks to train: the seeds of the first variant, then those of the second, and so on."""
        base = self.base
        if self.vary == "optimizer":
            kinds = [replace(base, optimizer=rule) for rule in self.contenders]
        else:
            kinds = [self.axis.put(base, point) for point in self.points]
        if self.apart:
            kinds = [replace(kind, bias_optimizer=self._of_biases(kind.optimizer)) for kind in kinds]
        return tuple(replace(kind, seed=kind.seed + again) for kind in kinds for again in range(self.repeats))

    def _of_biases(self, rule: Optimizer) -> Optimizer:
        """Return the optimizer of the biases when this is the optimizer of the weights."""
        if self.bias_rule == "same":
            return replace(rule, lr=self.bias_rate)
        return RULES[self.bias_rule](lr=self.bias_rate)


# One linear layer on a table typed in by hand, all of whose rows are in the training set.
BY_HAND = Comparison(
    "softmax", vary="lr", values=("1e-10", "0.1", "100000"), contenders=(SGD(lr=0.1),), hidden=(), init="normal",
    batch_size=None, epochs=20, scaling="none", test_size=0.0, val_size=0.0,
)  # fmt: skip

# One hidden layer of ten sigmoid units on breast cancer, all rows in one batch; as in the lecture notes, all
# weights are 1 at first, and the optimizer of the biases is plain gradient descent with learning rate 1.
TEN = Comparison(
    hidden=(10,), activation="sigmoid", init="ones", contenders=(SGD(lr=1.0),), batch_size=None, epochs=1000,
    apart=True, bias_rule="sgd", bias_rate=1.0, val_size=0.0,
)  # fmt: skip
# Fitting the scaler on the validation set too is also from the notes.
TEN_VALIDATED = replace(TEN, val_size=0.2, scaler_sees="train+val", vary="lr", values=("1",))

FIVE = (SGD(lr=0.01), Momentum(lr=0.01), AdaGrad(lr=0.01), RMSProp(lr=0.001), Adam(lr=0.001))
MNIST = Comparison("mnist", hidden=(100,) * 4, batch_size=128, epochs=20, scaling="none", contenders=FIVE)
CALIFORNIA = Comparison(
    "california", vary="lr", values=("0.001",), contenders=(Adam(lr=0.001),), hidden=(6, 5, 4, 3),
    activation="leaky_relu", batch_size=256, epochs=60,
)  # fmt: skip


def presets() -> dict[str, Preset[Comparison]]:
    """Return the comparisons of the lecture, in its order, if this server's limits allow them."""
    return offered(
        {
            "rates": lambda: Preset(
                N_("Learning rates"),
                N_("A softmax classifier on eight rows, with three learning rates: far too small, good, and far "
                   "too large."),
                replace(BY_HAND, init="xavier", seed=66),
            ),
            "scaling": lambda: Preset(
                N_("Scaling"),
                N_("A linear model of five students' scores: unscaled, and standardized with the n − 1 standard "
                   "deviation."),
                replace(BY_HAND, dataset="scores", vary="scaling", values=("none", "sample"), scale_target=False),
            ),
            "inits": lambda: Preset(
                N_("Initial weights"),
                N_("All weights 1, normal, Xavier, and the Xavier of the lecture notes, whose standard deviation "
                   "is √2 times too large. With all weights 1, the notes give a test accuracy of 0.956."),
                replace(TEN, vary="init", values=("ones", "normal", "xavier", "xavier_sqrt2")),
            ),
            "table": lambda: Preset(
                N_("Penalties"),
                N_("Test accuracies in the lecture notes: no change 0.956, L1 0.947, L2 0.965, L1 and L2 0.947, "
                   "learning rate 0.1: 0.877, learning rate 0.01: 0.886."),
                replace(
                    TEN, vary="change",
                    values=("none", "l1_0.01", "l2_0.01", "l1_0.01+l2_0.01", "lr_0.1", "lr_0.01"),
                ),
            ),
            "linf": lambda: Preset(
                N_("L∞ penalty"),
                N_("The lecture notes mention this penalty on the largest weight but give no result for it. Here "
                   "you can compare it with L1 and L2."),
                replace(TEN, vary="change", values=("none", "l1_0.01", "l2_0.01", "linf_0.1", "linf_1")),
            ),
            "lengths": lambda: Preset(
                N_("500 to 1,000 epochs"),
                N_("One training run, stopped after 500, 586, 600, 700 and 1,000 epochs: from then on the learning "
                   "rate is 0. Test accuracies in the lecture notes: 0.930, 0.947, 0.947, 0.930, 0.956. Between "
                   "500 and 1,000, ours differ by one row on some processors, because only rounding makes the ten "
                   "equal units different."),
                replace(
                    TEN_VALIDATED, vary="schedule",
                    values=(*(f"step_every_{epochs}_decay_0" for epochs in (500, 586, 600, 700)), "constant"),
                ),
            ),
            "patience": lambda: Preset(
                N_("Early stopping"),
                N_("With patience 10, the lecture notes stop after epoch 585, counted from 0 (epoch 586 here). The "
                   "validation loss is not yet at its lowest there; it falls until epoch 1,000."),
                replace(TEN_VALIDATED, patience=10),
            ),
            "batches": lambda: Preset(
                N_("Batches"),
                N_("The full batch, and batches of 32, 5 and 1 row, for 60 of the lecture's 1,000 epochs."),
                replace(TEN, vary="batch_size", values=("1", "5", "32", "none"), epochs=60),
            ),
            "batches_long": lambda: Preset(
                N_("Batches, 1,000 epochs"),
                N_("The full 1,000 epochs of the lecture notes, which give a test accuracy of 0.956 for the full "
                   "batch and for mini-batches. Takes much longer than 60 epochs."),
                replace(TEN, vary="batch_size", values=("5", "32", "none")),
            ),
            "output_dropout": lambda: Preset(
                N_("Dropout on the output"),
                N_("The lecture notes apply dropout to the output itself, which is a mistake: dropout belongs "
                   "after a hidden layer. Here you can compare both, at two rates."),
                replace(
                    TEN, vary="change",
                    values=("none", "dropout_0.2", "output_dropout_0.2", "dropout_0.5", "output_dropout_0.5"),
                ),
            ),
            "optimizers": lambda: Preset(
                N_("Optimizers"),
                N_("As in the lecture notes, the weights use four optimizers and the biases use plain gradient "
                   "descent. 1,000 of their 10,000 and 15,000 epochs. The learning rates were chosen here."),
                replace(TEN, contenders=(SGD(lr=1.0), Momentum(lr=0.01), RMSProp(lr=0.01), Adam(lr=0.01))),
            ),
            "optimizers_long": lambda: Preset(
                N_("Momentum and Adam, 10,000 epochs"),
                N_("The lecture notes give a test accuracy of 0.965 for both. Their Momentum is actually Nesterov; "
                   "here you see it next to the correct Momentum. The learning rates were chosen here so that this "
                   "accuracy is reached."),
                replace(
                    TEN, contenders=(Momentum(lr=0.01), Momentum(lr=0.01, ahead=True), Adam(lr=0.01)), epochs=10_000
                ),
            ),
            "rmsprop_long": lambda: Preset(
                N_("RMSProp, 15,000 epochs"),
                N_("The lecture notes give a test accuracy of 0.956. The learning rate was chosen here so that "
                   "this accuracy is reached."),
                replace(TEN, contenders=(RMSProp(lr=0.01),), epochs=15_000),
            ),
            "plateau": lambda: Preset(
                N_("Plateau schedule"),
                N_("When the validation loss stops falling, the learning rate is multiplied by 0.5 or by 0.1, as in "
                   "the lecture."),
                Comparison(
                    vary="schedule", contenders=(SGD(lr=1.0),),
                    values=("constant", "plateau_decay_0.5", "plateau"),
                ),
            ),
            "mnist": lambda: Preset(
                N_("MNIST race"),
                N_("Five optimizers on the same batches of 128: 20 epochs are 500 updates, a quarter of the lecture's "
                   "2,000."),
                MNIST,
            ),
            "mnist_long": lambda: Preset(
                N_("MNIST race, 2,000 updates"),
                N_("As long as in the lecture: 80 epochs of 25 updates. The notes do not use RMSProp here; its "
                   "learning rate is 0.001, as for Adam. Takes four times as long as 20 epochs."),
                replace(MNIST, epochs=80),
            ),
            "california": lambda: Preset(
                N_("California housing"),
                N_("An 8-6-5-4-3-1 network with LeakyReLU and Adam, for 60 of the lecture's 4,000 epochs."),
                CALIFORNIA,
            ),
            "california_long": lambda: Preset(
                N_("California, 4,000 epochs"),
                N_("As long as in the lecture. Takes much longer than 60 epochs."),
                replace(CALIFORNIA, epochs=4000),
            ),
        }
    )  # fmt: skip


PRESETS = presets()
"""The comparisons of the lecture."""
