"""From the `network` block of a recipe to a network.

Input: a mapping with `class` and the constructor's arguments, all plain YAML. Output: the network, freshly initialised.
A class is a name of `CLASSES` or a user's own "package.module:ClassName". Arguments are checked against the types in
the constructor's signature, so a network documents its own recipe. Networks are imported when built, not before.
"""

import inspect
import json
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import ConfigDict, ValidationError, create_model

from task1.errors import InputError

if TYPE_CHECKING:
    from torch import nn

CLASSES = {
    "baseline_cnn": "task1.models.baseline_cnn:BaselineCnn",
    "cp_mobile": "task1.models.cp_mobile:CPMobile",
    "dsmn": "task1.models.dsmn:DSMN",
    "dssdn": "task1.models.dssdn:DSSDN",
    "inception_v1": "task1.models.inception_v1:InceptionV1",
    "mobilenet_v1": "task1.models.mobilenet_v1:MobileNetV1",
    "mobilenet_v2": "task1.models.mobilenet_v2:MobileNetV2",
    "mobilenet_v3_small": "task1.models.mobilenet_v3_small:MobileNetV3Small",
    "mobnet": "task1.models.mobnet:Mobnet",
    "pix2pix_discriminator": "task1.models.pix2pix:PatchDiscriminator",
    "pix2pix_generator": "task1.models.pix2pix:UNetGenerator",
    "preact_resnet": "task1.models.preact_resnet:PreactResNet",
    "resnet34": "task1.models.resnet34:ResNet34",
    "segnet": "task1.models.segnet:MiniSegNet",
}


def build(spec: Mapping[str, Any], where: str = "network") -> "nn.Module":
    """The network of `spec`; `where` names the block in messages, e.g. "models.model1.network"."""
    name = spec.get("class")
    constructor = _find(name, where)
    arguments = {str(key): value for key, value in spec.items() if key != "class"}
    checked = _check(constructor, arguments, f"{where} ({name})")
    try:
        return constructor(**checked)
    except ValueError as error:
        raise InputError(f"{where} ({name}): {error}") from error


def module_of(spec: Mapping[str, Any], where: str = "network") -> str:
    """The module that the network of `spec` comes from, told without importing it: its code decides what is stale."""
    return _locate(spec.get("class"), where)[0]


def _locate(name: Any, where: str) -> tuple[str, str]:
    module_name, _, class_name = CLASSES.get(str(name), str(name)).partition(":")
    if not isinstance(name, str) or not all(part.isidentifier() for part in (*module_name.split("."), class_name)):
        raise InputError(f"{where}: key class: found {name!r}, expected one of {', '.join(CLASSES)} "
                         "or your own network as package.module:ClassName")
    return module_name, class_name


def _find(name: Any, where: str) -> "type[nn.Module]":
    from torch import nn

    module_name, class_name = _locate(name, where)
    try:
        module = import_module(module_name)
    except (ImportError, SyntaxError) as error:
        raise InputError(f"{where}: key class: {name!r}: cannot import {module_name} ({error}); the module must be "
                         "importable from the folder you run in or from PYTHONPATH") from error
    constructor = getattr(module, class_name, None)
    if not (isinstance(constructor, type) and issubclass(constructor, nn.Module)):
        own = [key for key, value in vars(module).items()
               if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module_name]
        raise InputError(f"{where}: key class: found {class_name!r} in {name!r}, expected a torch.nn.Module defined "
                         f"in {module_name}, which has {', '.join(own) or 'none'}")
    return constructor


def _check(constructor: "type[nn.Module]", arguments: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The arguments, sequences as tuples, or one sentence for every argument that does not fit the signature."""
    from torch import nn

    parameters = list(inspect.signature(constructor).parameters.values())
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    # a class without a constructor shows that of nn.Module, which takes nothing in spite of its signature
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters) and constructor.__init__ is not nn.Module.__init__
    hints = get_type_hints(constructor.__init__, include_extras=True)
    fields: dict[str, Any] = {
        p.name: (hints.get(p.name, Any), ... if p.default is p.empty else p.default) for p in named
    }
    schema = create_model("Arguments", __config__=ConfigDict(
        strict=True, extra="allow" if takes_any else "forbid", allow_inf_nan=False, protected_namespaces=(),
        arbitrary_types_allowed=True), **fields)
    try:
        # strict JSON mode: a YAML list may be a tuple, but "3" is no number and 3.0 no width
        valid = schema.model_validate_json(json.dumps(dict(arguments)))
    except TypeError as error:
        raise InputError(f"{where}: found a value that is not plain YAML ({error}); "
                         "expected numbers, strings, lists and mappings") from None
    except ValidationError as error:
        known = ", ".join(fields)
        problems = [_sentence(detail, where, known) for detail in error.errors()]
        raise InputError("\n  ".join(problems)) from None
    return {**{name: getattr(valid, name) for name in fields}, **(valid.model_extra or {})}


def _sentence(detail: Any, where: str, known: str) -> str:
    key = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key {key}: found {detail['input']!r}, expected only {known}"
    if detail["type"] == "missing":
        return f"{where}: key {key} is missing; expected the keys {known}"
    expected = detail["msg"].removeprefix("Input should be ")
    return f"{where}: key {key}: found {detail['input']!r}, expected {expected}; known keys: {known}"
