"""kshot: models that learn a new task from a few tries or a few examples (docs/python.md of the project).

    import kshot
    envs = kshot.make_vec("half-cheetah-vel", num_envs=64)       # a Gymnasium VectorEnv
    policy = kshot.load("zoo/half-cheetah-vel", best=True)       # a run directory, or a file
    fast = policy.adapt(task=1.5)                                # one gradient step on 20 trajectories
    kshot.evaluate(policy, tasks=40).mean()                      # mean return after 0, 1, 2, 3 steps
    kshot.train({"env": "point", "iterations": 20}, out="runs/point")
    model = kshot.fit(make_task, iterations=2000)                # tasks of your own, as arrays

Errors are kshot.Error; where the input is wrong, they are ValueErrors, too; wrong types are TypeErrors. Calls use all cores unless
`threads` says otherwise, and results do not depend on the number.
"""

from ._environments import Env, VectorEnv, environments, make, make_vec, register
from ._evaluation import Evaluation, evaluate
from ._fitting import fit
from ._library import BadInput, Error
from ._models import Model, Policy, load
from ._training import train

__version__ = "0.1.0"
__all__ = ["BadInput", "Env", "Error", "Evaluation", "Model", "Policy", "VectorEnv", "environments", "evaluate", "fit", "load",
           "make", "make_vec", "train"]

register()
