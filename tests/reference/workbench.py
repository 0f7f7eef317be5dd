"""What kohya's scripts and torch make of small models: the workbench's fixtures.

Usage: workbench.py SD_SCRIPTS OUT_DIR      SD_SCRIPTS: a checkout of kohya-ss/sd-scripts at 48d368f; OUT_DIR: tests/fixtures/workbench
Also:  workbench.py --read FILE             prints names, types and sums of a .ckpt as torch.load(weights_only=True) sees it
Python 3.11, torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

Weights are weights.py's, by made-up names. A LoRA is made of factors named `<salt>.<module>.<factor>`; see `lora`.
Kohya's functions are run as they are, from the checkout, with stand-ins for the modules that only training needs. The one change is the
sign of singular vectors, which LAPACK leaves open: the greatest entry of each left vector is made positive, on both sides.

  resize_<case>.safetensors    resize_lora.py's result with its metadata
  merge_<case>.safetensors     merge_lora.py's (sum, concat) and svd_merge_lora.py's (svd)
  extract_<case>.json          extract_lora_from_models.py's: {tensor: [dtype, shape, norm, weighted sum]} and the metadata; weights are
                               (1 + i * 7919 % 1009) / 1009
  checkpoints.safetensors      A1111's checkpoint merger: its arithmetic in torch, in the types that torch computes it in; f16, bf16, f32
  hashes.json                  the sshs hashes of the inputs
  read.json                    what `--read` says of written.ckpt, which danlu wrote (see tests/workbench/conversion.rs)
"""
import ast
import contextlib
import importlib.util
import io
import json
import pathlib
import sys
import types

import safetensors.torch
import torch

import weights

SVD = torch.linalg.svd


def fixed_signs(matrix, *args, **kwargs):
    u, s, vh = SVD(matrix, *args, **kwargs)
    for k in range(min(matrix.shape)):
        if u[u[:, k].abs().argmax(), k] < 0:
            u[:, k] *= -1
            vh[k] *= -1
    return u, s, vh


def made(name, shape):
    return torch.from_numpy(weights.tensor(name, list(shape)).copy())


# ---- LoRAs: module -> (out, in, kernel or None)

MODULES = {
    "lora_te_text_model_encoder_layers_0_mlp_fc1": (24, 12, None),
    "lora_unet_down_blocks_0_attentions_0_proj_in": (16, 16, 1),
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q": (16, 16, None),
    "lora_unet_mid_block_resnets_0_conv1": (16, 12, 3),
}


def lora(salt, rank, alpha, conv_rank=None, modules=MODULES):
    tensors = {}
    for name, (out, into, kernel) in modules.items():
        r = conv_rank if conv_rank and kernel == 3 else rank
        k = [kernel, kernel] if kernel else []
        one = [1, 1] if kernel else []
        tensors[f"{name}.lora_down.weight"] = made(f"{salt}.{name}.down", [r, into, *k])
        tensors[f"{name}.lora_up.weight"] = made(f"{salt}.{name}.up", [out, r, *one])
        tensors[f"{name}.alpha"] = torch.tensor(float(alpha))
    return tensors


# ---- kohya's code

def functions(path, names, scope):
    """Some functions and constants of a file, without its imports."""
    tree = ast.parse(path.read_text())
    def wanted(node):
        if isinstance(node, ast.FunctionDef):
            return node.name in names
        return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").startswith("SS_METADATA")
    tree.body = [node for node in tree.body if wanted(node)]
    exec(compile(tree, str(path), "exec"), scope)
    return scope


def stand_ins(scripts):
    def module(name, **contents):
        found = types.ModuleType(name)
        found.__dict__.update(contents)
        sys.modules[name] = found
        return found
    import hashlib
    from typing import Optional
    scope = {"BytesIO": io.BytesIO, "hashlib": hashlib, "safetensors": safetensors, "json": json, "Optional": Optional}
    functions(scripts / "library/train_util.py", {
        "precalculate_safetensors_hashes", "addnet_hash_legacy", "addnet_hash_safetensors", "build_minimum_network_metadata",
        "load_metadata_from_safetensors"}, scope)

    def load_metadata(path):
        with safetensors.safe_open(path, framework="pt") as f:
            return f.metadata() or {}
    scope["load_metadata_from_safetensors"] = load_metadata
    package = module("library")
    package.__path__ = []
    package.train_util = module("library.train_util", **scope)
    versions = functions(scripts / "library/model_util.py", {"get_model_version_str_for_sd1_sd2", "is_safetensors"}, {"os": __import__("os")})
    package.model_util = module("library.model_util", **versions)
    package.sdxl_model_util = module("library.sdxl_model_util", MODEL_VERSION_SDXL_BASE_V1_0="sdxl_base_v1-0")
    package.sdxl_original_unet = module("library.sdxl_original_unet", SdxlUNet2DConditionModel=type("SdxlUNet2DConditionModel", (), {}))
    package.sai_model_spec = module("library.sai_model_spec", build_metadata=lambda *a, **k: {}, build_merged_from=lambda m: "")
    module("library.utils", setup_logging=lambda *a, **k: None)
    sys.path.insert(0, str(scripts / "networks"))


def script(scripts, name):
    spec = importlib.util.spec_from_file_location(name, scripts / "networks" / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def run(found, entry, *arguments):
    args = found.setup_parser().parse_args([str(a) for a in arguments])
    found.args = args
    with contextlib.redirect_stdout(io.StringIO()):
        entry(args)


def loras(scripts, out, work):
    inputs = {
        "one": (lora("one", 6, 3, 4), {"ss_base_model_version": "sd_v1", "ss_v2": "False", "ss_network_dim": "6", "ss_training_comment": "mine"}),
        "two": (lora("two", 6, 6, 4), {"ss_base_model_version": "sd_v1"}),
        "wide": (lora("wide", 8, 4), {}),
    }
    hashes = {}
    for name, (tensors, metadata) in inputs.items():
        safetensors.torch.save_file(tensors, work / f"{name}.safetensors", metadata=metadata or None)
        util = sys.modules["library.train_util"]
        hashes[name] = util.precalculate_safetensors_hashes(tensors, metadata)
    # Long enough for the old hash's window.
    long = {"a": made("long.a", [600, 600]), "b": made("long.b", [10])}
    hashes["long"] = sys.modules["library.train_util"].precalculate_safetensors_hashes(long, {"ss_x": "1", "other": "2"})
    (out / "hashes.json").write_text(json.dumps(hashes, indent=1))

    resize = script(scripts, "resize_lora")
    one = work / "one.safetensors"
    for case, options in {
        "fixed": ["--new_rank", 2, "--new_conv_rank", 3],
        "ratio": ["--new_rank", 5, "--dynamic_method", "sv_ratio", "--dynamic_param", 1.6],
        "fro": ["--new_rank", 5, "--dynamic_method", "sv_fro", "--dynamic_param", 0.8],
        "cumulative": ["--new_rank", 5, "--dynamic_method", "sv_cumulative", "--dynamic_param", 0.6],
        "half": ["--new_rank", 3, "--save_precision", "fp16"],
    }.items():
        run(resize, resize.resize, "--model", one, "--save_to", out / f"resize_{case}.safetensors", *options)

    merge = script(scripts, "merge_lora")
    pair = ["--models", one, work / "two.safetensors", "--ratios", 0.7, "-0.4"]
    run(merge, merge.merge, "--save_to", out / "merge_sum.safetensors", *pair)
    wide = ["--models", one, work / "wide.safetensors", "--ratios", 0.7, 0.5]
    run(merge, merge.merge, "--save_to", out / "merge_concat.safetensors", "--concat", *wide)
    svd = script(scripts, "svd_merge_lora")
    run(svd, svd.merge, "--save_to", out / "merge_svd.safetensors", "--new_rank", 5, "--new_conv_rank", 7, *wide)


# ---- extraction

def digest(tensor):
    flat = tensor.double().flatten()
    weight = (1 + torch.arange(flat.numel(), dtype=torch.int64) * 7919 % 1009).double() / 1009
    return [str(tensor.dtype), list(tensor.shape), flat.norm().item(), (flat * weight).sum().item()]


def extraction(scripts, out, fixtures):
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    def fixture(name):
        with safetensors.safe_open(fixtures / f"{name}.safetensors", framework="pt") as f:
            return f.metadata()

    def model(part, network, delta):
        prefix = "" if part == "unet" else "text_model."
        for name, tensor in network.state_dict().items():
            full = f"{part}.{name}" if name.startswith(prefix) else f"{part}.{prefix}{name}"
            value = made(full, tensor.shape)
            if delta:
                value = value + 0.25 * made(f"delta.{full}", tensor.shape) * (tensor.dim() > 1)
            tensor.copy_(value)
        return network

    def load(v2, path):
        unet = UNet2DConditionModel.from_config(json.loads(fixture("unet_sd1")["config"]))
        text = CLIPTextModel(CLIPTextConfig(**json.loads(fixture("text_clip_l")["config"])))
        tuned = "tuned" in path
        with torch.no_grad():
            return model("text_encoder", text, tuned and "same" not in path), None, model("unet", unet, tuned)

    sys.modules["library.model_util"].load_models_from_stable_diffusion_checkpoint = load
    extract = script(scripts, "extract_lora_from_models")
    sys.modules["lora"].LoRANetwork.save_weights = save_to(captured := {})
    for case, tuned, options in [
        ("linear", "tuned", ["--dim", 2]),
        ("conv", "tuned-same", ["--dim", 3, "--conv_dim", 2, "--clamp_quantile", 0.9]),
    ]:
        args = extract.setup_parser().parse_args([str(a) for a in [
            "--model_org", "org", "--model_tuned", tuned, "--save_to", "made.safetensors", *options]])
        extract.args = args
        extract.svd(**vars(args))
        found = {"metadata": captured["metadata"], "tensors": {k: digest(v) for k, v in captured["tensors"].items()}}
        (out / f"extract_{case}.json").write_text(json.dumps(found, indent=0))


def save_to(captured):
    def save_weights(self, file, dtype, metadata):
        # transformers 5 leaves a level of the names out.
        captured["tensors"] = {k.replace("lora_te_encoder", "lora_te_text_model_encoder"): v.detach().float()
                               for k, v in self.state_dict().items()}
        captured["metadata"] = dict(metadata)
    return save_weights


# ---- checkpoints

def checkpoints(out):
    """The merger's two formulas over three models; an inpainting A; halves of both kinds."""
    shape, made_of = [4, 4, 3, 3], {}
    for case, types_ in {"f32": "fff", "f16": "hhh", "bf16": "bbb", "mixed": "hfb"}.items():
        dtype = {"f": torch.float32, "h": torch.float16, "b": torch.bfloat16}
        a, b, c = (made(f"{m}.{case}", shape).to(dtype[t]) for m, t in zip("abc", types_))
        made_of[f"sum.{case}"] = ((1 - 0.3) * a) + (0.3 * b)
        made_of[f"difference.{case}"] = a + (0.7 * (b - c))
    a, b = made("a.inpaint", [4, 9, 3, 3]), made("b.inpaint", shape)
    a[:, 0:4, :, :] = ((1 - 0.3) * a[:, 0:4, :, :]) + (0.3 * b)
    made_of["sum.inpaint"] = a
    made_of["sum.inpaint.half"] = a.half()
    safetensors.torch.save_file(made_of, out / "checkpoints.safetensors")


def read(path):
    found = torch.load(path, weights_only=True)
    tensors = found.get("state_dict", found)
    rest = {k: v for k, v in found.items() if k != "state_dict" and not torch.is_tensor(v)}
    return {"rest": rest, "tensors": {k: digest(v) for k, v in sorted(tensors.items())}}


def main():
    if sys.argv[1] == "--read":
        print(json.dumps(read(sys.argv[2]), indent=1))
        return
    scripts, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    work = out / "work"
    work.mkdir(exist_ok=True)
    torch.linalg.svd = fixed_signs
    stand_ins(scripts)
    loras(scripts, out, work)
    extraction(scripts, out, out.parent / "networks")
    checkpoints(out)
    written = out / "written.ckpt"
    if written.exists():
        (out / "read.json").write_text(json.dumps(read(written), indent=1))
    for file in work.iterdir():
        file.unlink()
    work.rmdir()


if __name__ == "__main__":
    main()
