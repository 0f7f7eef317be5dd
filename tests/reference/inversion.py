"""Network calls, textual inversion and hypernetworks as AUTOMATIC1111's web UI 1.10.1 reads, places and applies them.

Usage: inversion.py TOKENIZER_DIR WEBUI_DIR NETWORKS_DIR OUT_DIR
TOKENIZER_DIR: tokenizer/ of danlu-emoji in diffusers layout; WEBUI_DIR: a checkout of the web UI, of which single functions and classes are
executed, nothing else (the fixtures are from 1.10.1 as merged into Forge at 04c6ab68); NETWORKS_DIR: tests/fixtures/networks;
OUT_DIR: tests/fixtures/inversion.
Python 3.11, torch 2.15.0, transformers 5.23.0, diffusers 0.42.1, numpy 2.4.6, pillow 13.0.0, safetensors 0.8.0.

calls.json        cases: text -> what parse_prompt leaves of it, and for each call in order its kind and arguments as ExtraNetworkLora and
                  ExtraNetworkHypernet hand them on; "fails" where those raise
placements.json   names: [name, vectors], registered in order; cases: text -> token count, and for each chunk its ids, weights (as in
                  chunks.json) and fixes [offset, number of the name]
<name>.<ext>      one container each; expected.safetensors has what the web UI makes of them, by file name (SDXL: .clip_l and .clip_g)
hyper_*.pt        hypernetworks as the web UI saves them; expected_hyper.safetensors: for each and each of its widths x, and x for keys and
                  values behind it (.k, .v)
unet_hyper*.pt    two of them, half precision; unet_hyper.safetensors: output of the network in NETWORKS_DIR/unet_sd1 under both
clip_inserts.safetensors   states of NETWORKS_DIR/text_clip_l and text_open_clip with vectors put in at [row, offset]
"""
import ast
import base64
import inspect
import json
import pathlib
import re
import sys
import types
import zlib

import numpy as np
import safetensors.torch
import torch
from diffusers import UNet2DConditionModel
from PIL import Image, ImageDraw, PngImagePlugin
from safetensors import safe_open
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

import prompts
import weights

torch.manual_seed(5)


def excerpt(path, names, **scope):
    """As prompts.excerpt, without decorators and imports within classes."""
    return prompts.excerpt(path, names, **scope)[0]


# Calls.

CALLS = """
a <lora:ink:0.5> b
<lora:ink>
<lora:ink:1:0.5>
<lora:a:1:0.5:dyn=8>
<lora:a:1:0.5:8>
<lora:a:1:0.5:8:9>
<lora:unet=0:a:te=-.3>
<lora:a:te=1:te=2>
<lora:a: 1 : 2 >
<lora:a:1_0:1e-1>
<lora:a:１.５>
<lora:a:+1:-1>
<lora:a:1,5>
<lora:a:>
<lora:a::1>
<lora::1>
<lora:te=1>
<lora:te=x:a>
<lora:a:x:te=1>
<lora:a:1:1:2.5>
<lora:a:1:1:8:dyn=4>
<lora:a:1:1:x:dyn=4>
<lora:a:dyn=8=9>
<lora:a=b=c:2>
<lora:a:other=1>
<lora:>
<lora>
<lora:a
lora:a>
<:a>
< lora:a>
<lo ra:a>
<lora :a>
<<lora:a>>
<lora:a<lora:b>>
<lora:a>><
<lora:水墨画 风:0.8> 狐
<LORA:a:1>
<lyco:a:0.2:0.3>
<hypernet:b>
<hypernet:b:0.3>
<hypernet:b:0.3:x>
<hypernet:b=c:2>
<hypernet:b:x>
<hypernet:b:te=1>
<水:a:1>
<style:x>
<a1_:x:2>
<é:x>
(<lora:a:1>:1.2) [<lora:b>]
a<lora:a>b<lora:b:2>c<hypernet:d>
a < b > c <lora:x> d
<lora:a:1> <lora:a:0.5>
""".strip().split("\n") + ["<lora:a\nb:0.5>", "<e\u0301:x>", "<lora:\x1cb:\u30000.5\x1f>", "<lora:b:٠٫٥>", "<lora:b:１_０>"]


def calls(webui, out):
    base = excerpt(webui / "modules/extra_networks.py", ["ExtraNetworkParams", "ExtraNetwork", "re_extra_net", "parse_prompt"], re=re,
                   defaultdict=__import__("collections").defaultdict)
    handed = []
    opts = types.SimpleNamespace(sd_lora="None", sd_hypernetwork="None", lora_add_hashes_to_infotext=False)
    shared = types.SimpleNamespace(opts=opts)
    lora = excerpt(webui / "extensions-builtin/Lora/extra_networks_lora.py", ["ExtraNetworkLora"], extra_networks=base, shared=shared,
                   networks=types.SimpleNamespace(available_networks={}, load_networks=lambda *args: handed.append(args), loaded_networks=[]))
    hyper = excerpt(webui / "modules/extra_networks_hypernet.py", ["ExtraNetworkHypernet"], extra_networks=base, shared=shared,
                    hypernetwork=types.SimpleNamespace(load_hypernetworks=lambda *args: handed.append(args)))
    kinds = {"lora": lora.ExtraNetworkLora(), "lyco": None, "hypernet": hyper.ExtraNetworkHypernet()}
    kinds["lyco"] = kinds["lora"]
    cases = []
    for text in CALLS:
        left, _ = base.parse_prompt(text)
        found = []
        for match in base.re_extra_net.finditer(text):
            kind, params = match.group(1), base.ExtraNetworkParams(items=match.group(2).split(":"))
            call = {"kind": kind, "items": params.items}
            if kind in kinds:
                handed.clear()
                try:
                    kinds[kind].activate(types.SimpleNamespace(), [params])
                    names, te, *more = handed[0]
                    call.update(name=names[0], te=te[0], unet=(more[0] if more else te)[0], dyn=more[1][0] if more else None)
                except (ValueError, IndexError):
                    call["fails"] = True
            found.append(call)
        cases.append({"text": text, "left": left, "calls": found})
    write_json(out / "calls.json", {"cases": cases})


# Placements.

NAMES = [("style", 5), ("bad-hand_v2", 3), ("red fox", 4), ("red", 1), ("whole", 75), ("half", 38), ("Red Fox Den", 2), ("style", 6), ("火狐", 2),
         (", comma", 2)]

PLACEMENTS = [
    "", "style", "a style b", "a (style:1.3) [b]", "STYLE Style sTyLe", "styles style's style", "bad-hand_v2", "bad-hand", "bad - hand _ v2",
    "red fox", "red", "red fox den", "red (fox)", "redfox red  fox", "火狐 火 狐", "whole", "a whole b", "half half", "half half half",
    "half BREAK half", "whole BREAK whole", "(whole:0.5) a", "a " * 71 + "style b", "a " * 70 + "style b", "a " * 69 + "style b",
    "a " * 68 + ", style b", "a " * 69 + ", style b", "a " * 70 + ", style b", "a " * 66 + ", b style, c", "a " * 50 + ", " + "b " * 20 + "style c",
    "a " * 55 + ", " + "b " * 14 + "style c d e", "a " * 55 + ", " + "b " * 13 + "style c d e", "half, half, half, half", "half " * 3 + ", style",
    ("style, " * 30).strip(), ("red fox, " * 40).strip(), ("(red fox:1.1) den, " * 40).strip(), "a " * 74 + ", comma b", "a " * 73 + ", comma b",
    "a " * 72 + ", comma b c", "a " * 75 + "red fox", "a " * 74 + "red fox", "a, " * 37 + "red style whole red",
]


def placements(reference, webui, out):
    database = excerpt(webui / "modules/textual_inversion/textual_inversion.py", ["register_embedding_by_name", "find_embedding_at_position"])
    state = types.SimpleNamespace(ids_lookup={}, word_embeddings={})
    model = types.SimpleNamespace(cond_stage_model=types.SimpleNamespace(tokenize=reference.ids))
    for number, (name, vectors) in enumerate(NAMES):
        embedding = types.SimpleNamespace(name=name, vectors=vectors, number=number)
        database.register_embedding_by_name(state, embedding, model, name)
    reference.clip.hijack.embedding_db.find_embedding_at_position = lambda tokens, at: database.find_embedding_at_position(state, tokens, at)
    reference.opts.comma_padding_backtrack = 20
    cases = []
    for text in PLACEMENTS:
        chunks, count = reference.tokenize_line(text)
        chunks = [{"tokens": c.tokens, "weights": prompts.repeats(c.multipliers),
                   "fixes": [[fix.offset, fix.embedding.number] for fix in c.fixes]} for c in chunks]
        cases.append({"text": text, "count": count, "chunks": chunks})
    write_json(out / "placements.json", {"names": NAMES, "cases": cases})


# Containers.

def containers(webui, out):
    pictures = excerpt(
        webui / "modules/textual_inversion/image_embedding.py",
        ["EmbeddingEncoder", "EmbeddingDecoder", "embedding_to_b64", "embedding_from_b64", "lcg", "xor_block", "style_block",
         "insert_image_data_embed", "crop_black", "extract_image_data_embed"],
        json=json, base64=base64, zlib=zlib, np=np, torch=torch, Image=Image, ImageDraw=ImageDraw, logger=types.SimpleNamespace(debug=print),
        os=__import__("os"))
    create = excerpt(
        webui / "modules/textual_inversion/textual_inversion.py", ["Embedding", "create_embedding_from_data"], torch=torch,
        devices=types.SimpleNamespace(device="cpu")).create_embedding_from_data
    expected = {}

    def keep(file, data):
        vec = create(data, "name").vec
        parts = {f".{key}": value for key, value in vec.items()} if isinstance(vec, dict) else {"": vec}
        expected.update({file + part: value.to(torch.float32).contiguous().clone() for part, value in parts.items()})

    def random(*shape):
        return (torch.randn(*shape) * 0.02).to(torch.float32)

    def a1111(vec, name):
        return {"string_to_token": {"*": 265}, "string_to_param": {"*": vec}, "name": name, "step": 500, "sd_checkpoint": "cc6cb27103",
                "sd_checkpoint_name": "v1-5"}

    def save_pt(file, data, **more):
        torch.save(data, out / file, **more)
        keep(file, torch.load(out / file, weights_only=False))

    save_pt("a1111.pt", a1111(random(3, 768), "other"))
    save_pt("legacy.pt", a1111(torch.nn.Parameter(random(2, 768)), "other"), _use_new_zipfile_serialization=False)
    save_pt("dict.pt", {"string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(random(2, 768))}), "string_to_token": {"*": torch.tensor(265)}})
    save_pt("half.pt", a1111(random(2, 1024).half(), None))
    save_pt("learned.bin", {"<cat-toy>": random(768)})
    save_pt("pair.pt", {"clip_l": random(2, 768), "clip_g": random(2, 1280)})
    for file, data in {
        "emb_params.safetensors": {"emb_params": random(4, 768)},
        "one.safetensors": {"<x>": random(768).half()},
        "bf16.safetensors": {"emb_params": random(2, 1024).bfloat16()},
        "pair.safetensors": {"clip_g": random(2, 1280).half(), "clip_l": random(2, 768).half()},
        "refiner.safetensors": {"emb_params": random(1, 1280)},
    }.items():
        safetensors.torch.save_file(data, out / file)
        keep(file, safetensors.torch.load_file(out / file))

    def shade(width, height):
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        return Image.fromarray(np.stack([x * 255 // width, y * 255 // height, (x + y) % 200 + 17], 2).astype(np.uint8), "RGB")

    rounded = lambda *shape: (random(*shape) * 4096).round() / 4096
    plain = shade(64, 64)
    for file, compressed in (("text.png", False), ("ztxt.png", True)):
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", "a fox\nSteps: 20, Sampler: Euler, CFG scale: 7")
        info.add_text("sd-ti-embedding", pictures.embedding_to_b64(a1111(rounded(2, 768), "named in text")).decode(), zip=compressed)
        plain.save(out / file, "PNG", pnginfo=info)
        keep(file, pictures.embedding_from_b64(Image.open(out / file).text["sd-ti-embedding"]))
    hidden = {"hidden.png": a1111(rounded(2, 768), "named in pixels"), "hidden.webp": a1111(rounded(1, 768), "named in webp"),
              "nameless.png": {"string_to_param": {"*": rounded(1, 1024)}}}
    for file, data in hidden.items():
        picture = pictures.insert_image_data_embed(plain.copy(), data)
        if file == "nameless.png":
            # A black border, as a viewer may add one: A1111 crops it.
            framed = Image.new("RGB", (picture.width + 9, picture.height + 7))
            framed.paste(picture, (4, 5))
            picture = framed.convert("RGBA")
        picture.save(out / file, **({"lossless": True} if file.endswith("webp") else {}))
        keep(file, pictures.extract_image_data_embed(Image.open(out / file)))
    plain.save(out / "picture.png")
    assert pictures.extract_image_data_embed(Image.open(out / "picture.png")) is None
    safetensors.torch.save_file(expected, out / "expected.safetensors")


# Hypernetworks.

ACTIVATIONS = ["relu", "leakyrelu", "rrelu", "relu6", "elu", "celu", "selu", "swish", "hardswish", "hardsigmoid", "hardtanh", "hardshrink", "softshrink",
               "softplus", "softsign", "tanh", "tanhshrink", "sigmoid", "logsigmoid", "silu", "gelu", "mish", "prelu", "linear"]


def hypernetwork_scope(webui):
    devices = types.SimpleNamespace(torch_npu_set_device=lambda: None, device="cpu", cond_cast_unet=lambda x: x, cond_cast_float=lambda x: x)
    shared = types.SimpleNamespace(opts=types.SimpleNamespace(save_optimizer_state=False, print_hypernet_extra=False))
    return excerpt(
        webui / "modules/hypernetworks/hypernetwork.py",
        ["HypernetworkModule", "parse_dropout_structure", "Hypernetwork", "apply_single_hypernetwork", "apply_hypernetworks"],
        torch=torch, inspect=inspect, devices=devices, shared=shared, os=__import__("os"),
        hashes=types.SimpleNamespace(sha256=lambda *_: "0" * 64), normal_=torch.nn.init.normal_, zeros_=torch.nn.init.zeros_)


def loud(network, scale=0.4):
    """Weights large enough for every layer to matter."""
    for layers in network.layers.values():
        for stack in layers:
            for parameter in stack.parameters():
                parameter.data = torch.randn_like(parameter) * scale


def hypernetworks(webui, networks, out):
    torch.nn.Module.dump_patches = False
    scope = hypernetwork_scope(webui)
    load = torch.load
    torch.load = lambda *args, **more: load(*args, **{**more, "weights_only": False})
    expected = {}

    def keep(file, strength):
        network = scope.Hypernetwork()
        network.load(str(out / file))
        network.set_multiplier(strength)
        for width in network.layers:
            x = torch.randn(2, 3, width) * 3
            k, v = scope.apply_hypernetworks([network], x)
            name = f"{file}@{strength}.{width}"
            expected.update({name: x, name + ".k": k.detach().contiguous(), name + ".v": v.detach().contiguous()})

    def make(file, widths, strength, **more):
        network = scope.Hypernetwork(name=file, enable_sizes=widths, **{"layer_structure": [1, 2, 1], "weight_init": "Normal", **more})
        loud(network)
        network.save(str(out / file))
        keep(file, strength)

    for activation in ACTIVATIONS:
        make(f"hyper_{activation}.pt", [4], 0.7, activation_func=activation)
    make("hyper_deep.pt", [6, 4], 1.0, layer_structure=[1, 1.5, 2, 1], activation_func="swish", add_layer_norm=True, use_dropout=True,
         activate_output=True, last_layer_dropout=True)
    make("hyper_dropped.pt", [4], -0.5, layer_structure=[1, 2, 2, 1], activation_func="relu", use_dropout=True, last_layer_dropout=False)
    make("hyper_structure.pt", [4], 1.0, layer_structure=[1, 2, 2, 1], activation_func="tanh", dropout_structure=[0, 0, 0.15, 0], add_layer_norm=True)
    make("hyper_short.pt", [4], 1.0, layer_structure=[1, 1], activation_func="elu", activate_output=True)
    make("hyper_none.pt", [4], 0.0, activation_func=None)
    # As the first version wrote them: no settings, two layers by name.
    stack = lambda: {"linear1.weight": torch.randn(8, 4), "linear1.bias": torch.randn(8), "linear2.weight": torch.randn(4, 8), "linear2.bias": torch.randn(4)}
    torch.save({4: (stack(), stack()), "step": 100, "name": "old"}, out / "hyper_old.pt")
    keep("hyper_old.pt", 1.0)
    safetensors.torch.save_file({k: v.contiguous() for k, v in expected.items()}, out / "expected_hyper.safetensors")

    # A whole UNet under two: wherever keys and values are made, they are made of what the networks leave.
    settings = {"unet_hyper1.pt": (0.8, {"layer_structure": [1, 1, 1], "activation_func": "relu"}, [32, 64]),
                "unet_hyper2.pt": (0.5, {"layer_structure": [1, 0.5, 1], "activation_func": "swish", "add_layer_norm": True}, [32, 96])}
    under = []
    for file, (strength, more, widths) in settings.items():
        network = scope.Hypernetwork(name=file, enable_sizes=widths, weight_init="Normal", **more)
        loud(network, 0.15)
        for layers in network.layers.values():
            for stack in layers:
                stack.half()
        network.save(str(out / file))
        network = scope.Hypernetwork()
        network.load(str(out / file))
        under.append(network.set_multiplier(strength))
    with safe_open(networks / "unet_sd1.safetensors", "pt") as fixture:
        config, shapes = (json.loads(fixture.metadata()[key]) for key in ("config", "shapes"))
        tensors = {key: fixture.get_tensor(key) for key in fixture.keys()}
    unet = UNet2DConditionModel.from_config(config).eval()
    unet.load_state_dict({k: torch.from_numpy(weights.tensor(f"unet.{k}", s)) for k, s in shapes.items()})
    changed = lambda half: lambda _, args: (scope.apply_hypernetworks(under, args[0])[half],)
    for name, module in unet.named_modules():
        if name.endswith((".to_k", ".to_v")):
            module.register_forward_pre_hook(changed(int(name.endswith(".to_v"))))
    with torch.no_grad():
        output = unet(tensors["sample"], tensors["timesteps"][1], tensors["context"]).sample
    assert (output - tensors["output"][1]).abs().max() > 0.05
    safetensors.torch.save_file({"output": output}, out / "unet_hyper.safetensors")


# CLIP's input.

def clip_inserts(networks, webui, out):
    fixes = [[(3, 0)], [(1, 1), (20, 0)], [(74, 1)]]
    saved = {}
    scope = excerpt(webui / "modules/sd_hijack.py", ["EmbeddingsWithFixes"], torch=torch, devices=types.SimpleNamespace(cond_cast_unet=lambda x: x))
    for case, kind in (("text_clip_l", CLIPTextModel), ("text_open_clip", CLIPTextModelWithProjection)):
        with safe_open(networks / f"{case}.safetensors", "pt") as fixture:
            config, shapes = (json.loads(fixture.metadata()[key]) for key in ("config", "shapes"))
            ids = fixture.get_tensor("ids")[:3].long()
        model = kind(CLIPTextConfig(**config)).eval()
        prefix = "text_model." if any(k.startswith("text_model.") for k in model.state_dict()) else ""
        values = {k: torch.from_numpy(weights.tensor(f"text_encoder.{k}", s)) for k, s in shapes.items()}
        own = {(k if prefix else k.removeprefix("text_model.")): v for k, v in values.items()}
        missing, surplus = model.load_state_dict(own, strict=False)
        assert not surplus and all("position_ids" in k for k in missing), (missing, surplus)
        text = model.text_model if prefix else model
        vectors = [torch.randn(2, config["hidden_size"]) * 0.05, torch.randn(3, config["hidden_size"]) * 0.05]
        state = types.SimpleNamespace(fixes=[[(at, types.SimpleNamespace(vec=vectors[i])) for at, i in row] for row in fixes[: len(ids)]])
        text.embeddings.token_embedding = scope.EmbeddingsWithFixes(text.embeddings.token_embedding, state)
        with torch.no_grad():
            output = model(input_ids=ids)
        saved.update({f"{case}.ids": ids.int(), f"{case}.states": output.last_hidden_state.contiguous(), f"{case}.0": vectors[0], f"{case}.1": vectors[1]})
        if kind is CLIPTextModelWithProjection:
            saved[f"{case}.text_embeds"] = output.text_embeds
    safetensors.torch.save_file(saved, out / "clip_inserts.safetensors", {"fixes": json.dumps(fixes)})


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    tokenizer, webui, networks, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    calls(webui, out)
    placements(prompts.Reference(tokenizer, webui), webui, out)
    containers(webui, out)
    hypernetworks(webui, networks, out)
    clip_inserts(networks, webui, out)
