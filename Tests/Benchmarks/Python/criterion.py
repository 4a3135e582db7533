"""The criteria that are compared."""

from typing import NamedTuple

JOINT = {"order": 2, "set_loss": "joint"}
FISHER = {**JOINT, "curvature": "fisher"}
RANKED = {**JOINT, "curvature": "gauss_newton", "curvature_labels": "ranked"}
DRAWN = {**JOINT, "curvature": "gauss_newton", "curvature_labels": "drawn"}
LOGITS = {"order": 2, "set_loss": "logits"}


class Criterion(NamedTuple):
    name: str
    sensitivity: dict
    solver: dict
    # What it does not see.
    limits: str
    # The model file of a network that it goes by.
    variant: str = "folded"
    # Layers that it can say nothing of, as `config_list` has them.
    rules: tuple[dict, ...] = ()

    @property
    def is_in_steps(self) -> bool:
        return self.solver.get("iterations", 1) > 1

    @property
    def predicts(self) -> bool:
        """Whether it predicts a loss that no other criterion here does."""
        return not self.is_in_steps and self.solver["method"] == "optimal"


def criterion(name: str, sensitivity: dict, limits: str, method: str = "optimal", iterations: int = 1) -> Criterion:
    solver = {"method": method} | ({"iterations": iterations} if iterations > 1 else {})
    return Criterion(name, sensitivity, solver, limits)


CRITERIA = (
    criterion(
        "mean_abs, greedy", {"order": 1, "reduction": "mean_abs"},
        "as mean_abs; and units go in one fixed order, the lowest for its saved cost first", method="greedy"),
    criterion(
        "mean_abs", {"order": 1, "reduction": "mean_abs"},
        "units are added up: not that they make up for or need each other; not on the scale of a loss"),
    criterion(
        "mean_square", {"order": 1, "reduction": "mean_square"},
        "units are added up; squares of means over batches, in which samples cancel"),
    criterion(
        "mean_square, sample", {"order": 1, "reduction": "mean_square", "level": "sample"},
        "units are added up; the samples that the network is unsure of decide"),
    criterion(
        "mean_abs, sum_abs", {"order": 1, "reduction": "mean_abs", "group_reduction": "sum_abs"},
        "as mean_abs, which it is where no layers lose channels together; elsewhere not that these cancel"),
    criterion(
        "additive, second order", {**RANKED, "set_loss": "additive"},
        "units are added up, though the gains that single ones promise are not additive"),
    criterion(
        "joint fisher, damping 8", {**FISHER, "damping": 8},
        "a quadratic around the whole network; the samples that the network is unsure of decide"),
    criterion(
        "joint drawn, damping 8", {**DRAWN, "damping": 8},
        "a quadratic around the whole network; one drawn label for each sample, which is noisy"),
    criterion(
        "joint ranked, damping 8", {**RANKED, "damping": 8},
        "a quadratic around the whole network; a backward pass for each class"),
    criterion(
        "joint ranked, damping 0", {**RANKED, "damping": 0},
        "the same; and units may go because they cancel to first order, which a repair does not preserve"),
    criterion(
        "joint ranked, first order", {**RANKED, "damping": 0, "first_order": True},
        "the same; and for what the first order promises on the calibration images"),
    criterion(
        "logits", LOGITS,
        "logits are taken to move linearly, which overrates large sets; units may go because they cancel; a backward "
        "pass for each class"),
    criterion(
        "logits, 5 steps", LOGITS, "the same, from nearer; judges the network without its repair", iterations=5),
    criterion(
        "mean_square, 5 steps", {"order": 1, "reduction": "mean_square"},
        "units are added up in each step; judges the network without its repair", iterations=5),
)


def other(name: str, **sensitivity: object) -> Criterion:
    return criterion(name, sensitivity, "")


# Judged unit by unit, and by the networks that they choose.
OTHERS = (
    other("ablation, 16 units a group", method="ablation", units=16),
    other("mean_square", order=1, reduction="mean_square"),
    other("mean_abs", order=1, reduction="mean_abs"),
    other("mean_square, consumer", order=1, reduction="mean_square", site="consumer"),
    other("weight_abs", order=1, reduction="weight_abs"),
    other("weight_abs, members", order=1, reduction="weight_abs", site="members"),
    other("snip", method="snip"),
    other("fisher", method="fisher"),
    other("influence", method="influence"),
    other("additive, second order", **{**RANKED, "set_loss": "additive"}),
    other("thinet", method="thinet"),
    other("lasso", method="lasso"),
    other("aofp", method="aofp"),
    other("apoz", method="apoz"),
    other("mean_activation", method="mean_activation"),
    other("l1", method="l1"),
    other("l1, not normalised", method="l1", normalization="none"),
    other("l2", method="l2"),
    other("geometric_median", method="geometric_median"),
    other("nisp", method="nisp"),
    # Folded networks have no scales to go by, linear layers never.
    other("bn_scale", method="bn_scale")._replace(
        variant="bn", rules=({"op_types": ["Gemm"], "exclude": True},)),
    other("random", method="random"),
)
ABLATION = other("ablation", method="ablation")
