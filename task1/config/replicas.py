"""Replicas: the same recipe trained again from another seed, to tell what chance does to its scores.

Replica k of a model (k of 2 and more; the model itself is the first) is called `<model>.seed<k>`. Its recipe is the
model's with another training seed and, where it has teachers, with the teachers' replicas of the same k: chance begins
with them. No model can have such a name (`MODEL_NAME`), so none is taken for a replica.
"""

import re

from task1.config.recipe import ModelRecipe

MODEL_NAME = r"^[A-Za-z0-9_-]+$"
SEED_STEP = 1000
"""Between the seeds of a model's replicas: members of an ensemble that differ in small seeds alone share no replica."""
_REPLICA = re.compile(r"(?P<model>[A-Za-z0-9_-]+)\.seed(?P<number>[1-9][0-9]*)")


def replica_name(model: str, number: int) -> str:
    """What replica `number`, counted from 1, of a model is called."""
    return model if number == 1 else f"{model}.seed{number}"


def model_and_number(name: str) -> tuple[str, int]:
    """The model that a training is of, and which replica it is: `model1` gives 1, `model1.seed3` gives 3."""
    found = _REPLICA.fullmatch(name)
    return (found["model"], int(found["number"])) if found else (name, 1)


def replica_recipe(recipe: ModelRecipe, number: int) -> ModelRecipe:
    """What replica `number` of a model with this recipe is trained by."""
    if number == 1:
        return recipe
    seed = recipe.training.seed + SEED_STEP * (number - 1)
    changes: dict[str, object] = {"training": recipe.training.model_copy(update={"seed": seed})}
    if recipe.distillation:
        teachers = [replica_name(teacher, number) for teacher in recipe.distillation.teachers]
        changes["distillation"] = recipe.distillation.model_copy(update={"teachers": teachers})
    return recipe.model_copy(update=changes)
