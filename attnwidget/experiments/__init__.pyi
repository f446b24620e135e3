from attnwidget.experiments.effects.effect import effect as effect
from attnwidget.experiments.effects.head_effects import head_effects as head_effects
from attnwidget.experiments.effects.token_effects import token_effects as token_effects
from attnwidget.experiments.lenses.direct_effects import direct_effects as direct_effects
from attnwidget.experiments.lenses.lens import lens as lens
from attnwidget.experiments.probes.induction import InductionScores as InductionScores
from attnwidget.experiments.probes.induction import induction_scores as induction_scores
from attnwidget.experiments.training.dynamics import dynamics as dynamics
