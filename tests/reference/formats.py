"""Fixtures of src/weights/file: what torch saves, in both of its containers and all protocols, with a safetensors twin that has the
values by the names that danlu gives them, and in its header the plain values as text.

Names: `<what>-<zip|old>-<protocol>.pt` and `<what>.safetensors`. Run in the repository's root.
"""

import argparse
import collections
import json
import sys
import types
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file

OUT = Path("tests/fixtures/formats")
torch.manual_seed(5)


def stand_in(module, name, base=object):
    """A class that pickles as another library's."""
    parts = module.split(".")
    for i in range(len(parts)):
        name_ = ".".join(parts[: i + 1])
        holder = sys.modules.setdefault(name_, types.ModuleType(name_))
    made = type(name, (base,), {"__module__": module})
    setattr(holder, name, made)
    return made


ModelCheckpoint = stand_in("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
AttributeDict = stand_in("pytorch_lightning.utilities.parsing", "AttributeDict", dict)


def numbers():
    """Every type, and every way to lie in a storage."""
    base = torch.randn(6, 8)
    shared = torch.arange(12, dtype=torch.float32)
    types_ = {
        "f64": torch.randn(3, dtype=torch.float64),
        "f32": torch.randn(2, 3),
        "f16": torch.randn(4, 2).half(),
        "bf16": torch.randn(5).bfloat16(),
        "i64": torch.tensor([-1, 2**40]),
        "i32": torch.tensor([[-7], [9]], dtype=torch.int32),
        "i16": torch.tensor([-300], dtype=torch.int16),
        "i8": torch.tensor([-3, 4], dtype=torch.int8),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "e4m3": torch.tensor([0.5, -448.0]).to(torch.float8_e4m3fn),
        "e5m2": torch.tensor([0.25, 57344.0]).to(torch.float8_e5m2),
        "u16": torch.tensor([1, 65535], dtype=torch.uint16),
    }
    layouts = {
        "turned": base.t(),
        "permuted": torch.randn(2, 3, 4).permute(2, 0, 1),
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "row": base[2],
        "column": base[:, 3],
        "every_second": shared[1::2],
        "head": shared[:4],
        "tail": shared[8:],
        "expanded": torch.tensor([[1.5], [2.5]]).expand(2, 7),
        "scalar": torch.tensor(2.25),
        "empty": torch.empty(0, 4),
        "parameter": torch.nn.Parameter(torch.randn(2, 2)),
        "tied": None,
        "tied_too": None,
    }
    layouts["tied"] = layouts["tied_too"] = torch.randn(3, 3)
    state = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2)).state_dict()
    state.update(collections.OrderedDict(("types." + k, v) for k, v in types_.items()))
    state["nested"] = {"deep": [layouts, {"inner": (torch.ones(1), torch.zeros(1))}], 7: torch.tensor([7.0])}
    whole = {
        "state_dict": state,
        "global_step": 1234567890123,
        "negative": -5,
        "huge": 2**70,
        "lr": 1e-4,
        "nan": float("nan"),
        "note": "emoji 狐狸 \U0001f98a é\n",
        "flags": [True, False, None, 3, 2.5, "x", [1, (2,)]],
        "nothing": None,
        "on": True,
        "none_at_all": [],
    }
    names = {k: v for k, v in state.items() if k != "nested"}
    names |= {f"nested.deep.0.{k}": v for k, v in layouts.items()}
    names |= {"nested.deep.1.inner.0": torch.ones(1), "nested.deep.1.inner.1": torch.zeros(1), "nested.7": torch.tensor([7.0])}
    text = {
        "global_step": "1234567890123",
        "negative": "-5",
        "huge": str(2**70),
        "lr": "0.0001",
        "nan": "NaN",
        "note": whole["note"],
        "flags": '[true,false,null,3,2.5,"x",[1,[2]]]',
        "on": "true",
        "none_at_all": "[]",
    }
    return whole, names, text


def embedding():
    """As A1111 saves one."""
    vectors = torch.randn(3, 8)
    whole = {
        "string_to_token": {"*": 265},
        "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(vectors)}),
        "name": "fox style",
        "step": 1500,
        "sd_checkpoint": "e1441589a6",
        "sd_checkpoint_name": "v1-5-pruned",
    }
    text = {
        "string_to_token.*": "265",
        "name": "fox style",
        "step": "1500",
        "sd_checkpoint": "e1441589a6",
        "sd_checkpoint_name": "v1-5-pruned",
    }
    return whole, {"string_to_param.*": vectors}, text


def hypernetwork():
    """As A1111 saves one: for each width two stacks of layers."""

    def stack(width):
        layers = [torch.nn.Linear(width, 2 * width), torch.nn.LayerNorm(2 * width), torch.nn.Linear(2 * width, width)]
        return {f"linear.{i}.{k}": v for i, layer in enumerate(layers) for k, v in layer.state_dict().items()}

    stacks = {4: (stack(4), stack(4)), 6: (stack(6), stack(6))}
    plain = {
        "step": 900,
        "name": "anime",
        "layer_structure": [1, 2, 1],
        "activation_func": "relu",
        "is_layer_norm": True,
        "weight_initialization": "Normal",
        "sd_checkpoint": "e1441589a6",
        "sd_checkpoint_name": "v1-5-pruned",
        "activate_output": False,
        "use_dropout": False,
        "dropout_structure": [0, 0.3, 0],
        "last_layer_dropout": True,
        "optional_info": "",
        "optimizer_name": "AdamW",
    }
    names = {f"{w}.{i}.{k}": v for w, pair in stacks.items() for i, part in enumerate(pair) for k, v in part.items()}
    text = {k: v if isinstance(v, str) else json.dumps(v, separators=(",", ":")) for k, v in plain.items()}
    return stacks | plain, names, text


def lightning():
    """As a trainer leaves one, with objects that are not tensors."""
    callback = ModelCheckpoint()
    callback.best_model_score = torch.tensor(0.5)
    weight, moment = torch.randn(2, 2), torch.randn(2, 2)
    array = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
    whole = {
        "epoch": 3,
        "pytorch-lightning_version": "1.4.2",
        "state_dict": collections.OrderedDict({"model.weight": weight}),
        "callbacks": {ModelCheckpoint: {"monitor": "val/loss", "best_model_score": numpy.float64(0.125), "object": callback}},
        "optimizer_states": [{"state": {0: {"step": 9, "exp_avg": moment}}, "param_groups": [{"lr": 0.5, "betas": (0.9, 0.999)}]}],
        "lr_schedulers": [],
        "hyper_parameters": AttributeDict(width=7),
        "args": argparse.Namespace(seed=1),
        "array": array,
        "counts": numpy.int64(-12),
        "seen": {1},
        "sizes": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "loops": collections.defaultdict(int, {"done": 4}),
        "type": torch.float16,
    }
    key = "callbacks.pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint."
    names = {"model.weight": weight, "optimizer_states.0.state.0.exp_avg": moment, "array": torch.from_numpy(array)}
    text = {
        "epoch": "3",
        "pytorch-lightning_version": "1.4.2",
        key + "monitor": "val/loss",
        key + "best_model_score": "0.125",
        "optimizer_states.0.state.0.step": "9",
        "optimizer_states.0.param_groups.0.lr": "0.5",
        "optimizer_states.0.param_groups.0.betas": "[0.9,0.999]",
        "lr_schedulers": "[]",
        "counts": "-12",
        "seen": "[1]",
        "sizes": "[1,2]",
        "loops.done": "4",
    }
    return whole, names, text


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for make in [numbers, embedding, hypernetwork, lightning]:
        whole, names, text = make()
        name = make.__name__
        twin = {k: v.detach().clone().contiguous() for k, v in names.items()}
        save_file(twin, OUT / f"{name}.safetensors", metadata=text)
        (OUT / f"{name}.safetensors").chmod(0o644)
        for protocol in [2, 3, 4, 5]:
            torch.save(whole, OUT / f"{name}-zip-{protocol}.pt", pickle_protocol=protocol)
            old = OUT / f"{name}-old-{protocol}.pt"
            torch.save(whole, old, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    # Whole modules are programs.
    torch.save(torch.nn.Linear(2, 2), OUT / "module-zip-2.pt")
    torch.save(torch.nn.Linear(2, 2), OUT / "module-old-2.pt", _use_new_zipfile_serialization=False)


main()
