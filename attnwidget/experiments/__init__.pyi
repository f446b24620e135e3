from attnwidget.experiments.probes.induction import InductionScores as InductionScores
from attnwidget.experiments.probes.induction import induction_scores as induction_scores
from attnwidget.experiments.training.dynamics import dynamics as dynamics
