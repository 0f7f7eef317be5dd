"""The LoRA family: what each type of network makes of a weight, and the names that its files give to layers.

Usage: adapters.py OUT_DIR      OUT_DIR: tests/fixtures/adapters
Python 3.11, torch 2.15.0, lycoris-lora 4.1.3, peft 0.21.2, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

types.safetensors: for each case its tensors `CASE|base|weight`, `CASE|base|bias`, `CASE|want|weight`, `CASE|want|bias` and the network
file's own, `CASE|net|KEY`. Metadata `cases`: JSON {CASE: {"strength", "dyn", "type", "from", "note"}}. A case has the layer's weight
before and after. `from` says whose result it is: LyCORIS's or PEFT's own modules, or, where A1111 1.10.1 goes another way (and for
what just A1111 and old files have), its formulas, written down here: extensions-builtin/Lora/network*.py.
  A1111 and LyCORIS differ so:
  - a strength other than 1 of DoRA, OFT and BOFT scales the difference to the weight (A1111), not magnitude or rotation (LyCORIS);
  - GLoRA is read by A1111 in the layout of before LyCORIS 2 alone, and without alpha;
  - DoRA's magnitudes are of columns for A1111; of rows as LyCORIS writes them today, and PEFT does, they are applied as there;
  - IA3 of a convolution fails in A1111 and is LyCORIS's.

names.json: {family: [{"name", "shape", "network", "names": […]}]}, for the layers of the true UNet and text encoders (of many equal blocks
the first and the last) every name that a trainer gives each: kohya's, the original's (SGM, LDM), diffusers' and PEFT's. Original names
are checked with diffusers' own converter, run on a checkpoint of markers.

stack.safetensors: `base`, two network files `a|KEY` and `b|KEY` of types that do not commute, and `ab`, `ba`: the weight after both in
either order, at strengths 0.8 and -0.5.

picture.safetensors: a small LoRA for danlu-emoji, text encoder and UNet; random, strong enough to change every pixel.
"""
import json
import pathlib
import sys

import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders import single_file_utils as oracle
from lycoris.modules.boft import ButterflyOFTModule
from lycoris.modules.diag_oft import DiagOFTModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.ia3 import IA3Module
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from peft import LoHaConfig, LoKrConfig, LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

MODULE = "lora_unet_down_blocks_0_attentions_0_proj_in"
TENSORS, CASES = {}, {}


def linear(inputs=12, outputs=16):
    return torch.nn.Linear(inputs, outputs)


def conv(inputs=6, outputs=8, kernel=3):
    return torch.nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


def write(name, kind, source, layer, net, want, want_bias=None, strength=1.0, dyn=None, note=""):
    weight = layer.weight.detach().float()
    TENSORS[f"{name}|base|weight"] = weight.clone()
    if layer.bias is not None:
        TENSORS[f"{name}|base|bias"] = layer.bias.detach().clone()
    for key, value in net.items():
        TENSORS[f"{name}|net|{key}"] = torch.as_tensor(value).detach().clone().contiguous()
    want = want.detach().float().reshape(weight.shape)
    assert (want - weight).abs().max() > 1e-3, (name, "changes nothing")
    TENSORS[f"{name}|want|weight"] = want.clone().contiguous()
    if want_bias is not None:
        TENSORS[f"{name}|want|bias"] = want_bias.detach().float().clone()
    CASES[name] = {"type": kind, "from": source, "strength": strength, "dyn": dyn, "note": note}


def prefixed(state, module=MODULE):
    return {f"{module}.{key}": value for key, value in state.items()}


def randomise(module, size=0.3):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if not name.startswith("org_") and "dora_scale" not in name and "rescale" not in name:
                parameter.normal_(0, size)
            if "dora_scale" in name or "rescale" in name:
                parameter.mul_(torch.empty_like(parameter).uniform_(0.7, 1.4))


def in_use(module, layer, strength):
    """The weight that a module of LyCORIS computes with, found by what it makes of unit inputs: what was trained.

    Its `get_merged_weight` multiplies LoHa and LoKr by alpha / rank twice (4.1.3).
    """
    module.multiplier = strength
    module.org_forward = layer.forward
    out, inputs, *kernel = layer.weight.shape
    count = layer.weight[0].numel()
    units = torch.eye(count).reshape(count, inputs, *kernel)
    with torch.no_grad():
        result = module.eval()(units)
        if kernel:
            result = result[:, :, kernel[0] // 2, kernel[1] // 2]
        return (result - layer.bias).T.reshape(layer.weight.shape)


def lycoris(name, kind, cls, layer, strength=1.0, dim=4, alpha=2.0, linear_strength=False, note="", size=0.3, **options):
    """A module of LyCORIS; `linear_strength`: A1111's rule for a strength other than 1, the difference at 1 times it."""
    module = cls("n", layer, 1.0, lora_dim=dim, alpha=alpha, **options)
    randomise(module, size)
    # A state dict as it is saved: of some types through the module's own method.
    state = (module.custom_state_dict() if hasattr(module, "custom_state_dict") else None) or module.state_dict()
    state = {key: value for key, value in state.items() if not key.startswith("org_")}
    if cls is NormModule:
        merged, bias = module.get_merged_weight(strength, shape=layer.weight.shape)
    elif linear_strength:
        merged, bias = layer.weight + strength * (in_use(module, layer, 1.0) - layer.weight), None
    else:
        merged, bias = in_use(module, layer, strength), None
    source = "A1111 at this strength, LyCORIS at 1" if linear_strength else "LyCORIS"
    write(name, kind, source, layer, prefixed(state), merged, bias, strength, note=note)


def peft(name, kind, layer, config, note=""):
    """A layer wrapped by PEFT, saved as PEFT saves it."""

    class Holder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return self.layer(x)

    import copy

    before = copy.deepcopy(layer)
    model = get_peft_model(Holder(), config)
    randomise_peft(model)
    state = {key.replace("layer", MODULE): value for key, value in get_peft_model_state_dict(model).items()}
    merged = model.merge_and_unload().layer.weight
    write(name, kind, "PEFT", before, state, merged, note=note)


def randomise_peft(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name or "hada_" in name or "lokr_" in name:
                if "magnitude" in name:
                    parameter.mul_(torch.empty_like(parameter).uniform_(0.7, 1.4))
                else:
                    parameter.normal_(0, 0.3)


def normal(*shape, size=0.3):
    return torch.randn(*shape) * size


def cayley(blocks, bound=None):
    q = blocks - blocks.transpose(-1, -2)
    if bound:
        norm = q.flatten().norm()
        q = q * ((norm.clamp(max=bound) + 1e-8) / (norm + 1e-8))
    eye = torch.eye(q.shape[-1])
    return (eye + q) @ (eye - q).inverse()


def magnitudes_of_columns(change, weight, scale, strength):
    merged = weight + change
    dims = [0] + list(range(2, weight.dim()))
    return weight + strength * (merged * (scale / merged.square().sum(dims, keepdim=True).sqrt()) - weight)


def types():
    # Linear, convolutions of every form; products are PyTorch's own, so LyCORIS and A1111 are one.
    lycoris("lora_linear", "lora", LoConModule, linear(), 0.7)
    lycoris("lora_conv", "lora", LoConModule, conv(), -1.3)
    lycoris("lora_conv_1x1", "lora", LoConModule, conv(kernel=1), 0.7)
    lycoris("lora_cp", "lora", LoConModule, conv(), 0.7, use_tucker=True)
    lycoris("lora_rank_stabilised", "lora", LoConModule, linear(), 0.7, rs_lora=True)
    layer, up, down = conv(kernel=1), normal(8, 4), normal(4, 6)
    delta = (up @ down)[..., None, None]
    write("lora_flat_on_conv_1x1", "lora", "A1111", layer, prefixed({"lora_up.weight": up, "lora_down.weight": down}),
          layer.weight + 0.6 * delta, strength=0.6, note="no alpha: the rank's; a linear LoRA on a 1x1 convolution")
    layer, up, down = linear(), normal(16, 4, 1, 1), normal(4, 12, 1, 1)
    delta = up.flatten(1) @ down.flatten(1)
    write("lora_conv_on_linear", "lora", "A1111", layer,
          prefixed({"lora_up.weight": up.half(), "lora_down.weight": down.bfloat16(), "alpha": torch.tensor(1.0).half()}),
          layer.weight + 0.25 * up.half().float().flatten(1) @ down.bfloat16().float().flatten(1), note="halves; alpha 1 of rank 4")
    layer, up, down = linear(), normal(16, 8), normal(8, 12)
    for dyn in (1, 3, 8, 20):
        write(f"lora_dyn_{dyn}", "lora", "A1111", layer,
              prefixed({"lora_up.weight": up, "lora_down.weight": down, "alpha": torch.tensor(4.0)}),
              layer.weight + 0.5 * up[:, :dyn] @ down[:dyn], dyn=dyn, note="the scale stays that of all ranks")
    write("lora_scale", "lora", "A1111", layer,
          prefixed({"lora_up.weight": up, "lora_down.weight": down, "alpha": torch.tensor(4.0), "scale": torch.tensor(0.3)}),
          layer.weight + 0.3 * up @ down, note="scale goes before alpha")
    extra = normal(16, 12)
    write("lora_bias", "lora", "A1111", layer,
          prefixed({"lora_up.weight": up, "lora_down.weight": down, "alpha": torch.tensor(4.0), "bias": extra}),
          layer.weight + 0.7 * 0.5 * (up @ down + extra), strength=0.7, note="what is left of an extraction, dense")
    sparse = (extra * (extra.abs() > 0.4)).to_sparse().coalesce()
    write("lora_sparse_bias", "lora", "A1111", layer,
          prefixed({"lora_up.weight": up, "lora_down.weight": down, "alpha": torch.tensor(4.0), "bias_indices": sparse.indices(),
                    "bias_values": sparse.values(), "bias_size": torch.tensor(extra.shape)}),
          layer.weight + 0.5 * (up @ down + sparse.to_dense()), note="the same as old LyCORIS wrote it")

    lycoris("loha_linear", "loha", LohaModule, linear(), 0.7)
    lycoris("loha_conv", "loha", LohaModule, conv(), 0.7)
    lycoris("loha_tucker", "loha", LohaModule, conv(), 0.7, use_tucker=True)

    lycoris("lokr_linear", "lokr", LokrModule, linear(24, 32), 0.7, dim=2, factor=4)
    lycoris("lokr_both", "lokr", LokrModule, linear(64, 64), 0.7, dim=2, factor=8, decompose_both=True)
    lycoris("lokr_whole", "lokr", LokrModule, linear(), 0.7, dim=4, factor=4, note="no factors: alpha does not count")
    lycoris("lokr_conv", "lokr", LokrModule, conv(), 0.7, dim=1, factor=2)
    lycoris("lokr_conv_whole", "lokr", LokrModule, conv(), 0.7, dim=100, factor=2)
    lycoris("lokr_tucker", "lokr", LokrModule, conv(), 0.7, dim=1, factor=2, use_tucker=True)

    lycoris("ia3_out", "ia3", IA3Module, linear(), 0.7)
    lycoris("ia3_in", "ia3", IA3Module, linear(), 0.7, train_on_input=True)
    lycoris("ia3_conv_in", "ia3", IA3Module, conv(), 0.7, train_on_input=True)
    layer, factors = conv(), normal(1, 8, 1, 1)
    write("ia3_conv_out", "ia3", "LyCORIS", layer, prefixed({"weight": factors, "on_input": torch.tensor(False)}),
          layer.weight * (1 + 0.7 * factors.reshape(-1, 1, 1, 1)), strength=0.7)

    for name, layer in (("full_linear", linear()), ("full_conv", conv())):
        diff, diff_b = normal(*layer.weight.shape), normal(*layer.bias.shape)
        write(name, "full", "A1111", layer, prefixed({"diff": diff, "diff_b": diff_b}), layer.weight + 0.7 * diff,
              layer.bias + 0.7 * diff_b, 0.7)
    layer, diff, diff_b = torch.nn.Linear(12, 16, bias=False), normal(16, 12), normal(16)
    write("full_new_bias", "full", "A1111", layer, prefixed({"diff": diff, "diff_b": diff_b}), layer.weight + diff, diff_b,
          note="a layer without a bias gets one")

    for name, norm in (("norm_layer", torch.nn.LayerNorm(16)), ("norm_group", torch.nn.GroupNorm(4, 16))):
        lycoris(name, "norm", NormModule, norm, 0.7)

    lycoris("glora_linear", "glora", GLoRAModule, linear(), 0.7)
    lycoris("glora_square", "glora", GLoRAModule, linear(16, 16), 0.7)
    lycoris("glora_conv", "glora", GLoRAModule, conv(), 0.7)
    for name, layer in (("glora_old", linear()), ("glora_old_square", linear(16, 16))):
        out, inputs = layer.weight.shape
        a1, a2, b1, b2 = normal(4, inputs), normal(inputs, 4), normal(4, inputs), normal(out, 4)
        write(name, "glora", "A1111", layer,
              prefixed({"a1.weight": a1, "a2.weight": a2, "b1.weight": b1, "b2.weight": b2, "alpha": torch.tensor(2.0)}),
              layer.weight + 0.7 * (b2 @ b1 + layer.weight @ a2 @ a1), strength=0.7, note="the older layout; alpha does not count")

    lycoris("oft_linear", "oft", DiagOFTModule, linear(), dim=4)
    lycoris("oft_conv", "oft", DiagOFTModule, conv(), dim=4)
    lycoris("oft_rescaled", "oft", DiagOFTModule, linear(), dim=4, rescaled=True)
    lycoris("oft_bounded", "oft", DiagOFTModule, linear(), dim=4, constraint=0.05)
    lycoris("oft_unbounded", "oft", DiagOFTModule, linear(), dim=4, constraint=10.0, note="the bound is not reached")
    lycoris("oft_strength", "oft", DiagOFTModule, conv(), 0.6, dim=4, linear_strength=True, rescaled=True)
    layer, ready = linear(), cayley(normal(4, 4, 4))
    turned = torch.einsum("knm,kni->kmi", ready, layer.weight.reshape(4, 4, 12)).reshape(16, 12)
    write("oft_diag", "oft", "A1111", layer, prefixed({"oft_diag": ready}), layer.weight + 0.6 * (turned - layer.weight),
          strength=0.6, note="oldest LyCORIS: the rotations themselves")
    # kohya's: 4 blocks of 16 / 4, alpha the bound; the product of networks/oft.py, einsum("oi, op -> pi").
    layer, blocks = linear(), normal(4, 4, 4)
    whole = torch.block_diag(*cayley(blocks, 0.02 * 16))
    write("oft_kohya", "oft", "A1111", layer,
          prefixed({"oft_blocks": blocks, "alpha": torch.tensor(0.02)}, "oft_unet_input_blocks_1_1_proj_in"),
          torch.einsum("oi,op->pi", layer.weight, whole))
    lycoris("boft_linear", "boft", ButterflyOFTModule, linear(), dim=4)
    lycoris("boft_conv", "boft", ButterflyOFTModule, conv(), dim=2)
    lycoris("boft_rescaled", "boft", ButterflyOFTModule, linear(12, 32), dim=4, rescaled=True, constraint=0.03)
    lycoris("boft_strength", "boft", ButterflyOFTModule, linear(), 0.6, dim=4, linear_strength=True)

    for axis, on_out in (("rows", True), ("columns", False)):
        for kind, cls in (("lora", LoConModule), ("loha", LohaModule), ("lokr", LokrModule)):
            options = {"weight_decompose": True, "wd_on_out": on_out, **({"factor": 2, "dim": 1} if kind == "lokr" else {})}
            lycoris(f"dora_{axis}_{kind}_linear", kind, cls, linear(), **options)
            lycoris(f"dora_{axis}_{kind}_conv", kind, cls, conv(), **options)
        lycoris(f"dora_{axis}_strength", "lora", LoConModule, linear(16, 16), 0.6, linear_strength=True, weight_decompose=True,
                wd_on_out=on_out)
    layer, up, down, scale = conv(), normal(8, 4, 1, 1), normal(4, 6, 3, 3), torch.rand(1, 6, 1, 1) + 0.5
    delta = (up.flatten(1) @ down.flatten(1)).reshape(8, 6, 3, 3) * 0.5
    write("dora_columns_formula", "lora", "A1111", layer,
          prefixed({"lora_up.weight": up, "lora_down.weight": down, "alpha": torch.tensor(2.0), "dora_scale": scale}),
          magnitudes_of_columns(delta, layer.weight, scale, -0.4), strength=-0.4)

    target = {"target_modules": ["layer"]}
    peft("peft_lora", "lora", linear(), LoraConfig(r=4, lora_alpha=4, **target), "no alpha in the file: the rank's")
    peft("peft_lora_conv", "lora", conv(), LoraConfig(r=4, lora_alpha=4, **target))
    peft("peft_dora", "lora", linear(), LoraConfig(r=4, lora_alpha=4, use_dora=True, **target))
    peft("peft_dora_conv", "lora", conv(6, 6), LoraConfig(r=4, lora_alpha=4, use_dora=True, **target), "as many out as in")
    peft("peft_loha", "loha", linear(), LoHaConfig(r=4, alpha=4, **target))
    peft("peft_lokr", "lokr", linear(24, 32), LoKrConfig(r=2, alpha=2, **target))


def stack(folder):
    base = linear(8, 12).weight.detach()
    a = {"lora_up.weight": normal(12, 2), "lora_down.weight": normal(2, 8), "alpha": torch.tensor(1.0)}
    b = {"weight": normal(12), "on_input": torch.tensor(0)}

    def with_a(w):
        return w + 0.8 * 0.5 * a["lora_up.weight"] @ a["lora_down.weight"]

    def with_b(w):
        return w - 0.5 * w * b["weight"][:, None]

    tensors = {"base": base, "ab": with_b(with_a(base)), "ba": with_a(with_b(base))}
    tensors |= {f"{letter}|{key}": value for letter, net in (("a", a), ("b", b)) for key, value in prefixed(net).items()}
    save_file({k: v.contiguous().clone() for k, v in tensors.items()}, folder / "stack.safetensors")


FAMILIES = {
    "sd1": dict(unet=dict(cross_attention_dim=768, attention_head_dim=8), text=[(768, 12, 3072)]),
    "sd2": dict(unet=dict(cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True),
                text=[(1024, 23, 4096)]),
    "sdxl": dict(
        unet=dict(cross_attention_dim=2048, attention_head_dim=[5, 10, 20], use_linear_projection=True, block_out_channels=(320, 640, 1280),
                  down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                  up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 2, 10),
                  addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816),
        text=[(768, 12, 3072), (1280, 32, 5120)]),
}


def layers_of(model):
    kinds = (torch.nn.Linear, torch.nn.Conv2d, torch.nn.LayerNorm, torch.nn.GroupNorm)
    return [(name, list(module.weight.shape)) for name, module in model.named_modules() if isinstance(module, kinds)]


def distinct(layers):
    """Without the blocks between the first and the last of their row."""
    rows = {}

    def row(name):
        for kind in ("transformer_blocks", "encoder.layers"):
            if f"{kind}." in name:
                head, _, tail = name.partition(f"{kind}.")
                return f"{head}{kind}", int(tail.split(".")[0])
        return None, 0

    for name, _ in layers:
        head, index = row(name)
        rows[head] = max(rows.get(head, 0), index)
    return [(name, shape) for name, shape in layers if row(name)[1] in (0, rows[row(name)[0]])]


def original_names(unet):
    """{diffusers name: original name} of every layer, by diffusers' converter of original checkpoints."""
    config = dict(unet.config)
    candidates = {}
    per = config["layers_per_block"] + 1
    levels = len(config["block_out_channels"])

    def resnet(rest):
        for ours, theirs in (("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"),
                             ("norm2", "out_layers.0"), ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection")):
            rest = rest.replace(ours, theirs)
        return rest

    fixed = {"conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
             "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0",
             "conv_out": "out.2"}
    for name, _ in layers_of(unet):
        parts = name.split(".")
        if name in fixed:
            candidates[name] = fixed[name]
        elif parts[0] == "mid_block":
            rest = ".".join(parts[3:])
            candidates[name] = f"middle_block.1.{rest}" if parts[1] == "attentions" else f"middle_block.{2 * int(parts[2])}.{resnet(rest)}"
        else:
            side, level, kind, j, rest = parts[0], int(parts[1]), parts[2], int(parts[3]), ".".join(parts[4:])
            has_attention = "CrossAttn" in config["down_block_types" if side == "down_blocks" else "up_block_types"][level]
            if kind == "downsamplers":
                candidates[name] = f"input_blocks.{(level + 1) * per}.0.op"
            elif kind == "upsamplers":
                candidates[name] = f"output_blocks.{level * per + per - 1}.{1 + has_attention}.conv"
            else:
                block = f"input_blocks.{1 + level * per + j}" if side == "down_blocks" else f"output_blocks.{level * per + j}"
                candidates[name] = f"{block}.{'1' if kind == 'attentions' else '0'}.{resnet(rest) if kind == 'resnets' else rest}"
    assert levels
    marked = {f"model.diffusion_model.{theirs}.{part}": torch.tensor(float(i)) for i, theirs in enumerate(candidates.values())
              for part in ("weight", "bias")}
    converted = oracle.convert_ldm_unet_checkpoint(marked, config)
    for i, name in enumerate(candidates):
        assert converted[f"{name}.weight"].item() == i, name
    return candidates


def unet_names(name, original):
    flat, ldm = name.replace(".", "_"), original.replace(".", "_")
    names = [f"lora_unet_{flat}", f"lycoris_unet_{flat}", f"lycoris_{flat}", f"lora_unet_{ldm}", f"oft_unet_{ldm}",
             f"unet.{name}", f"unet.base_model.model.{name}", f"base_model.model.{name}", name,
             f"diffusion_model.{original}", f"model.diffusion_model.{original}"]
    if ".attn" in name and ".to_" in name:
        head, _, last = name.rpartition(".to_")
        old = f"{head}.processor.to_{last.removesuffix('.0')}"
        names += [f"unet.{old}", old]
    return names


def text_names(name, index, of):
    """`name` is transformers'; q, k and v keep matrices of their own in every network's names."""
    if not name.startswith("text_model."):
        name = f"text_model.{name}" if name != "text_projection" else name
    flat = name.replace(".", "_")
    number = "" if of == 1 else str(index + 1)
    folder = "text_encoder" + ("_2" if index == 1 else "")
    names = [f"lora_te{number}_{flat}", f"lycoris_te{number}_{flat}", f"{folder}.{name}", f"{folder}.base_model.model.{name}"]
    if of == 1:
        names += [f"lora_te1_{flat}"]
        names += [f"cond_stage_model.transformer.{name}"]
    else:
        names += [f"conditioner.embedders.{index}.transformer.{name}"]
    clip = name.removeprefix("text_model.")
    if clip.startswith("encoder.layers."):
        _, _, layer, rest = clip.split(".", 3)
        for ours, theirs in (("self_attn", "attn"), ("layer_norm1", "ln_1"), ("layer_norm2", "ln_2"), ("mlp.fc1", "mlp.c_fc"),
                             ("mlp.fc2", "mlp.c_proj")):
            rest = rest.replace(ours, theirs)
        block = f"transformer.resblocks.{layer}.{rest}"
        names.append(f"cond_stage_model.model.{block}" if of == 1 else f"conditioner.embedders.{index}.model.{block}")
        names.append((f"lora_te{number}_model." + block).replace(".", "_"))
    if ".self_attn." in name:
        names.append(f"{folder}.{name.replace('_proj', '').replace('self_attn.', 'self_attn.to_')}")
    return names


def names(folder):
    models = {}
    for family, parts in FAMILIES.items():
        rows = []
        with torch.device("meta"):
            unet = UNet2DConditionModel(sample_size=64, **parts["unet"])
            texts = []
            for width, layers, inner in parts["text"]:
                config = CLIPTextConfig(hidden_size=width, num_hidden_layers=layers, intermediate_size=inner, num_attention_heads=width // 64,
                                        projection_dim=width)
                cls = CLIPTextModelWithProjection if width == 1280 else CLIPTextModel
                texts.append(cls(config))
        original = original_names(unet)
        for name, shape in distinct(layers_of(unet)):
            rows.append({"name": name, "shape": shape, "network": "unet", "names": unet_names(name, original[name])})
        for index, text in enumerate(texts):
            for name, shape in distinct(layers_of(text)):
                own = name.removeprefix("text_model.")
                rows.append({"name": own, "shape": shape, "network": f"text{index}", "names": text_names(name, index, len(texts))})
        models[family] = rows
    (folder / "names.json").write_text(json.dumps(models, separators=(",", ":")))


def picture(folder):
    checkpoint = pathlib.Path(__file__).parents[2] / "models" / "danlu-emoji.safetensors"
    weights = load_file(checkpoint)
    tensors = {}
    chosen = {
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q": "model.diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_q.weight",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k": "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_ff_net_2": "model.diffusion_model.middle_block.1.transformer_blocks.0.ff.net.2.weight",
        "lora_unet_mid_block_resnets_0_conv1": "model.diffusion_model.middle_block.0.in_layers.2.weight",
        "lora_te_text_model_encoder_layers_0_self_attn_v_proj": "cond_stage_model.transformer.text_model.encoder.layers.0.self_attn.v_proj.weight",
        "lora_te_text_model_encoder_layers_1_mlp_fc1": "cond_stage_model.transformer.text_model.encoder.layers.1.mlp.fc1.weight",
    }
    for module, key in chosen.items():
        weight = weights[key]
        out, inputs, *kernel = weight.shape
        size = 4 * weight.float().std().sqrt()
        tensors[f"{module}.lora_up.weight"] = (torch.randn(out, 2, *[1] * len(kernel)) * size).half()
        tensors[f"{module}.lora_down.weight"] = (torch.randn(2, inputs, *kernel) * size / inputs**0.25).half()
        tensors[f"{module}.alpha"] = torch.tensor(1.0)
    metadata = {"ss_output_name": "墨", "ss_base_model_version": "sd_v1", "ss_network_dim": "2", "ss_network_alpha": "1.0"}
    save_file(tensors, folder / "picture.safetensors", metadata)


if __name__ == "__main__":
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(20261121)
    types()
    save_file(TENSORS, out / "types.safetensors", {"cases": json.dumps(CASES)})
    stack(out)
    names(out)
    picture(out)
    print(len(CASES), "cases")
