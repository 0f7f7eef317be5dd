"""Small networks of the true architecture, one fixture a case: inputs and outputs of diffusers and transformers in f32.

Usage: networks.py MODEL_DIR OUT_DIR      MODEL_DIR: danlu-emoji in diffusers layout; OUT_DIR: tests/fixtures/networks
Python 3.11, torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, safetensors 0.8.0.

OUT_DIR/<case>.safetensors holds tensors and, as metadata strings:
  kind    unet | vae | text
  config  the part's config.json of a diffusers folder
  shapes  JSON {diffusers name: shape}, names without the component's prefix; the weights are weights.py's
  ldm     JSON {full key of an original checkpoint: {"shape": s, "from": name}}, shape being the original's;
          a linear stored as a 1x1 convolution differs only by shape; "transpose": true means the original is the transpose;
          {"shape": s, "concat": [names]} stacks several along the first axis (OpenCLIP's in_proj)
  ldm_sdxl  (text) the same tensors under SDXL's keys
  yaml    the original's configuration, with num_groups, width, layers and heads added
  yaml_sgm  (SDXL and its refiner) the same in the form of the generative-models repository
  first   JSON {diffusers name: its first four values}, to check the weights before the network
  note    what is particular about the case
The shipped_* cases run the checkpoint itself (f16 weights cast to f32) and have neither ldm nor yaml nor first.

Tensors. unet: sample [2, c, h, w], timesteps [3] (each run on its own for the whole batch), context [2, n, d], y [2, adm] where the
model takes one, output [3, 2, 4, h, w]. vae: image [1, 3, h, w] -> mean, logvar; latent -> decoded; without any scale factor.
text: ids [n, 77] i32 -> last_hidden_state, penultimate (hidden_states[-2]), penultimate_normed (after final_layer_norm),
pooled (the normed last state at the end token); text_embeds (pooled after the projection).

Every converted state dict is checked with diffusers' own single-file converters: original names -> diffusers names.
Where a latent does not halve evenly, the UNet follows LDM with A1111's repair: twice nearest, convolve, then resize to the skip.
"""
import json
import pathlib
import re
import sys

import torch
import torch.nn.functional as F
import yaml
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders import single_file_utils as oracle
from diffusers.models.embeddings import get_timestep_embedding
from safetensors.torch import save as to_bytes
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

import weights

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
TIMESTEPS = [1.0, 437.25, 999.0]


def resize_at_the_skip(unet):
    """LDM upsamples by two whatever the skip's size; A1111 (TorchHijackForUnet.cat) then resizes to the skip where they meet."""

    def before(_, args, kwargs):
        kwargs["upsample_size"] = None
        size = kwargs["res_hidden_states_tuple"][-1].shape[-2:]
        if kwargs["hidden_states"].shape[-2:] != size:
            kwargs["hidden_states"] = F.interpolate(kwargs["hidden_states"], size, mode="nearest")
        return args, kwargs

    for block in unet.up_blocks:
        block.register_forward_pre_hook(before, with_kwargs=True)
    return unet


# ---- original names

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
          "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
ENDS = {"conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0", "conv_out": "out.2"}


def unet_key(name, config):
    stem, leaf = name.rsplit(".", 1)
    if stem in ENDS:
        return f"model.diffusion_model.{ENDS[stem]}.{leaf}"
    side, i, kind, j, rest = re.fullmatch(r"(down|mid|up)_blocks?\.?(\d*)\.(\w+)\.(\d+)\.(.*)", name).groups()
    i, j, per = int(i or 0), int(j), config.layers_per_block + 1
    if kind == "resnets":
        rest = re.sub(r"^\w+", lambda m: RESNET[m[0]], rest)
    if side == "mid":
        place = f"middle_block.{1 if kind == 'attentions' else 2 * j}"
    elif kind == "downsamplers":
        place, rest = f"input_blocks.{(i + 1) * per}.0", rest.replace("conv", "op", 1)
    elif kind == "upsamplers":
        place = f"output_blocks.{i * per + per - 1}.{2 if 'CrossAttn' in config.up_block_types[i] else 1}"
    else:
        block = f"input_blocks.{1 + i * per + j}" if side == "down" else f"output_blocks.{i * per + j}"
        place = f"{block}.{1 if kind == 'attentions' else 0}"
    return f"model.diffusion_model.{place}.{rest}"


def vae_key(name, config):
    last = len(config.block_out_channels) - 1
    attention = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
    for pattern, to in (
            (r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}"),
            (r"mid_block\.attentions\.0\.(\w+(?:\.0)?)\.", lambda m: f"mid.attn_1.{attention[m[1]]}."),
            (r"down_blocks\.(\d)\.resnets", r"down.\1.block"), (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
            (r"up_blocks\.(\d)\.resnets", lambda m: f"up.{last - int(m[1])}.block"),
            (r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{last - int(m[1])}.upsample"),
            (r"conv_norm_out", "norm_out"), (r"conv_shortcut", "nin_shortcut")):
        name = re.sub(pattern, to, name)
    return "first_stage_model." + name


OPEN_CLIP = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def open_clip_map(shapes, prefix):
    out = {}
    for name, shape in shapes.items():
        layer = re.fullmatch(r"text_model\.encoder\.layers\.(\d+)\.(.*)\.(weight|bias)", name)
        if not layer:
            key = {"text_model.embeddings.token_embedding.weight": "token_embedding.weight",
                   "text_model.embeddings.position_embedding.weight": "positional_embedding",
                   "text_projection.weight": "text_projection"}.get(name) or name.replace("text_model.final_layer_norm", "ln_final")
            out[prefix + key] = {"shape": shape, "from": name}
            if key == "text_projection":
                out[prefix + key] = {"shape": shape[::-1], "from": name, "transpose": True}
        elif layer[2] in OPEN_CLIP:
            out[f"{prefix}transformer.resblocks.{layer[1]}.{OPEN_CLIP[layer[2]]}.{layer[3]}"] = {"shape": shape, "from": name}
        elif "q_proj" in layer[2]:
            out[f"{prefix}transformer.resblocks.{layer[1]}.attn.in_proj_{layer[3]}"] = {
                "shape": [3 * shape[0], *shape[1:]], "concat": [name.replace("q_proj", p) for p in ("q_proj", "k_proj", "v_proj")]}
    return out


def originals(ldm, state):
    """The original checkpoint's tensors as its map describes them."""
    def value(entry):
        t = torch.cat([state[n] for n in entry["concat"]]) if "concat" in entry else state[entry["from"]]
        return (t.T if entry.get("transpose") else t).reshape(entry["shape"])
    return {key: value(entry) for key, entry in ldm.items()}


def agree(converted, state):
    assert converted.keys() == state.keys(), converted.keys() ^ state.keys()
    assert all(torch.equal(converted[k], v) for k, v in state.items())


# ---- original configurations

def unet_yaml(c):
    widths, cross = c.block_out_channels, ["CrossAttn" in b for b in c.down_block_types]
    depth = c.transformer_layers_per_block
    heads = {"num_heads": c.attention_head_dim} if isinstance(c.attention_head_dim, int) else {"num_head_channels": widths[-1] // c.attention_head_dim[-1]}
    adm = c.projection_class_embeddings_input_dim
    return {"in_channels": c.in_channels, "out_channels": c.out_channels, "model_channels": widths[0],
            "attention_resolutions": [2**i for i, x in enumerate(cross) if x], "num_res_blocks": c.layers_per_block,
            "channel_mult": [w // widths[0] for w in widths], **heads, "use_spatial_transformer": True,
            **({"use_linear_in_transformer": True} if c.use_linear_projection else {}),
            "transformer_depth": depth if isinstance(depth, int) else list(depth), "context_dim": c.cross_attention_dim,
            **({"num_classes": "sequential", "adm_in_channels": adm} if adm else {}), "legacy": False, "num_groups": c.norm_num_groups}


def vae_yaml(c):
    widths = c.block_out_channels
    return {"embed_dim": c.latent_channels, "ddconfig": {
        "double_z": True, "z_channels": c.latent_channels, "resolution": 64, "in_channels": 3, "out_ch": 3, "ch": widths[0],
        "ch_mult": [w // widths[0] for w in widths], "num_res_blocks": c.layers_per_block, "attn_resolutions": [], "num_groups": c.norm_num_groups}}


def text_yaml(c):
    return {"width": c.hidden_size, "layers": c.num_hidden_layers, "heads": c.num_attention_heads}


def tree(unet, vae, text, open_clip=False, channels=4):
    """The whole yaml of LDM; parts that the case does not run are small stand-ins."""
    part = lambda target, params: {"target": target, "params": params}
    clip = "FrozenOpenCLIPEmbedder" if open_clip else "FrozenCLIPEmbedder"
    return yaml.safe_dump({"model": part("ldm.models.diffusion.ddpm.LatentDiffusion", {
        "linear_start": 0.00085, "linear_end": 0.012, "timesteps": 1000, "parameterization": "eps", "image_size": 8, "channels": 4,
        "scale_factor": 0.18215, "conditioning_key": "hybrid" if channels == 9 else "crossattn",
        "unet_config": part("ldm.modules.diffusionmodules.openaimodel.UNetModel", unet),
        "first_stage_config": part("ldm.models.autoencoder.AutoencoderKL", vae),
        "cond_stage_config": part("ldm.modules.encoders.modules." + clip, {**({"layer": "penultimate"} if open_clip else {}), **text})})}, sort_keys=False)


def tree_sgm(unet, vae, text, refiner):
    """The same as the generative-models repository writes SDXL's."""
    part = lambda target, **params: {"target": target, "params": params}
    embedders = [] if refiner else [{"is_trainable": False, "input_key": "txt", **part("sgm.modules.encoders.modules.FrozenCLIPEmbedder", layer="hidden", **text)}]
    embedders.append({"is_trainable": False, "input_key": "txt", **part(
        "sgm.modules.encoders.modules.FrozenOpenCLIPEmbedder2", layer="penultimate", always_return_pooled=True, legacy=False, **text)})
    sizes = ["original_size_as_tuple", "crop_coords_top_left", "aesthetic_score" if refiner else "target_size_as_tuple"]
    embedders += [{"is_trainable": False, "input_key": k, **part("sgm.modules.encoders.modules.ConcatTimestepEmbedderND", outdim=8)} for k in sizes]
    return yaml.safe_dump({"model": part(
        "sgm.models.diffusion.DiffusionEngine", scale_factor=0.13025, disable_first_stage_autocast=True,
        denoiser_config=part("sgm.modules.diffusionmodules.denoiser.DiscreteDenoiser", num_idx=1000,
                             scaling_config={"target": "sgm.modules.diffusionmodules.denoiser_scaling.EpsScaling"},
                             discretization_config={"target": "sgm.modules.diffusionmodules.discretizer.LegacyDDPMDiscretization"}),
        network_config=part("sgm.modules.diffusionmodules.openaimodel.UNetModel", **unet),
        conditioner_config=part("sgm.modules.GeneralConditioner", emb_models=embedders),
        first_stage_config=part("sgm.models.autoencoder.AutoencoderKLInferenceWrapper", **vae))}, sort_keys=False)


# ---- the cases

def unet_of(widths, cross, layers=2, **more):
    return UNet2DConditionModel(**{
        "sample_size": 8, "in_channels": 4, "out_channels": 4, "layers_per_block": layers, "block_out_channels": widths, "cross_attention_dim": 32,
        "norm_num_groups": 32, "down_block_types": tuple(CROSS if x else PLAIN for x in cross),
        "up_block_types": tuple("CrossAttnUpBlock2D" if x else "UpBlock2D" for x in cross[::-1])} | more)


def added(ids, pooled):
    """SDXL's conditioning beside the text: a pooled embedding of 16 and `ids` numbers embedded in 8 each."""
    return {"addition_embed_type": "text_time", "addition_time_embed_dim": 8, "projection_class_embeddings_input_dim": pooled + 8 * ids}


FOUR, SD = (32, 64, 96, 96), (1, 1, 1, 0)
UNETS = {
    "unet_sd1": (lambda: unet_of(FOUR, SD, attention_head_dim=8), (8, 8), 77, None,
                 "SD1: eight heads at every width, 1x1 convolutions around the transformer"),
    "unet_sd2": (lambda: unet_of(FOUR, SD, attention_head_dim=(2, 4, 6, 6), use_linear_projection=True), (12, 20), 77, None,
                 "SD2: heads of width 16, linear layers around the transformer; 12x20 does not halve evenly three times"),
    "unet_sdxl": (lambda: unet_of((32, 64, 128), (0, 1, 1), attention_head_dim=(2, 4, 8), use_linear_projection=True,
                                  transformer_layers_per_block=(1, 2, 3), **added(6, 16)), (12, 20), 77, [[64, 96, 0, 4, 64, 96], [48, 64, 8, 0, 96, 160]],
                  "SDXL: no attention on the first level, depths 2 and 3 below, 3 in the middle; y = pooled(16), then height, width, crop top, "
                  "crop left, target height, target width, each as 8 sinusoids (4 cosines, 4 sines)"),
    "unet_refiner": (lambda: unet_of((32, 64, 128, 128), (0, 1, 1, 0), attention_head_dim=(2, 4, 8, 8), use_linear_projection=True,
                                     transformer_layers_per_block=2, **added(5, 16)), (8, 16), 77, [[64, 96, 0, 0, 6], [48, 64, 8, 4, 2.5]],
                     "SDXL refiner: attention on the middle two levels and in the middle block, depth 2; y = pooled(16), then height, width, "
                     "crop top, crop left, aesthetic score, each as 8 sinusoids"),
    "unet_inpaint": (lambda: unet_of(FOUR, SD, layers=1, attention_head_dim=8, in_channels=9, norm_num_groups=8), (8, 8), 154, None,
                     "inpainting: nine channels in (latent, mask, masked latent); one resnet a level, 8 groups, a context of two chunks"),
    "unet_odd": (lambda: unet_of(FOUR, SD, attention_head_dim=8, norm_num_groups=16), (9, 13), 77, None,
                 "a latent of 9x13: twice nearest and convolution, then nearest to the skip's size where the two are joined"),
}


def random(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def filled(model, component, outer=""):
    """The model with weights.py's weights; `outer` is what transformers leaves out of the names. -> (model, its state dict)."""
    shapes = {outer + k: list(v.shape) for k, v in model.state_dict().items()}
    state = {k: torch.from_numpy(weights.tensor(f"{component}.{k}", s)) for k, s in shapes.items()}
    model.load_state_dict({k.removeprefix(outer): v for k, v in state.items()})
    return model.eval(), state


def small_vae(widths, layers, groups):
    return AutoencoderKL(block_out_channels=widths, layers_per_block=layers, norm_num_groups=groups, latent_channels=4, sample_size=64,
                         down_block_types=("DownEncoderBlock2D",) * len(widths), up_block_types=("UpDecoderBlock2D",) * len(widths))


def small_text(**more):
    return CLIPTextConfig(**{"vocab_size": 1000, "bos_token_id": 998, "eos_token_id": 999, "hidden_size": 32, "intermediate_size": 128,
                             "num_hidden_layers": 4, "num_attention_heads": 4, "projection_dim": 32} | more)


def save(out, case, kind, config, state, tensors, note, **texts):
    dump = lambda x: json.dumps(x, separators=(",", ":"))
    meta = {"kind": kind, "config": config, "shapes": dump({k: list(v.shape) for k, v in state.items()}), "note": note}
    if "ldm" in texts:
        picked = [next(k for k in state if k.endswith(end)) for end in (".bias", "token_embedding.weight", "norm.weight", "norm1.weight", "conv2.weight", "fc1.weight")
                  if any(k.endswith(end) for k in state)]
        meta["first"] = dump({k: state[k].flatten()[:4].tolist() for k in picked})
    meta |= {k: v if isinstance(v, str) else dump(v) for k, v in texts.items()}
    path = pathlib.Path(out) / f"{case}.safetensors"
    raw = to_bytes({k: v.contiguous() for k, v in tensors.items()}, metadata=meta)
    end = 8 + int.from_bytes(raw[:8], "little")
    header = json.dumps(json.loads(raw[8:end]) | {"__metadata__": meta}, separators=(",", ":")).encode()  # safetensors shuffles metadata
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + raw[end:])
    stats = ", ".join(f"{k} {tuple(v.shape)} std {v.float().std():.3f}" for k, v in tensors.items())
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB; {stats}")


def run_unet(unet, sample, context, pooled=None, ids=None):
    tensors, conds = {"sample": sample, "timesteps": torch.tensor(TIMESTEPS), "context": context}, None
    if ids is not None:
        sinusoids = get_timestep_embedding(ids.flatten(), 8, flip_sin_to_cos=True, downscale_freq_shift=0).reshape(len(ids), -1)
        tensors["y"] = torch.cat([pooled, sinusoids], 1)
        conds = {"text_embeds": pooled, "time_ids": ids}
    tensors["output"] = torch.stack([unet(sample, torch.tensor(t), context, added_cond_kwargs=conds).sample for t in TIMESTEPS])
    return tensors


def run_vae(vae, image, latent):
    posterior = vae.encode(image).latent_dist
    return {"image": image, "mean": posterior.mean, "logvar": posterior.logvar, "latent": latent, "decoded": vae.decode(latent).sample}


def run_text(model, ids):
    out = model(ids, output_hidden_states=True)
    inner = getattr(model, "text_model", model)
    tensors = {"ids": ids.int(), "last_hidden_state": out.last_hidden_state, "penultimate": out.hidden_states[-2],
               "penultimate_normed": inner.final_layer_norm(out.hidden_states[-2]),
               "pooled": out.last_hidden_state[torch.arange(len(ids)), (ids == model.config.eos_token_id).int().argmax(1)]}
    if hasattr(out, "text_embeds"):
        tensors["text_embeds"] = out.text_embeds
        assert torch.equal(model.text_projection(tensors["pooled"]), out.text_embeds)
    else:
        assert torch.equal(tensors["pooled"], out.pooler_output)
    return tensors


def small_ids(pad):
    ids = torch.randint(0, 998, (2, 77), generator=torch.Generator().manual_seed(5))
    ids[:, 0], ids[:, 76], ids[0, 9] = 998, 999, 999
    ids[0, 10:] = pad
    return ids


def stand_ins():
    return vae_yaml(small_vae((32, 64, 96, 96), 2, 32).config), text_yaml(small_text())


def unet_cases(out):
    for seed, (case, (make, size, words, ids, note)) in enumerate(UNETS.items()):
        unet, state = filled(make(), "unet")
        resize_at_the_skip(unet)
        ldm = {unet_key(k, unet.config): {"shape": list(v.shape), "from": k} for k, v in state.items()}
        agree(oracle.convert_ldm_unet_checkpoint(originals(ldm, state), unet.config), state)
        cond = (random(seed + 200, 2, 16), torch.tensor(ids)) if ids else ()
        tensors = run_unet(unet, random(seed, 2, unet.config.in_channels, *size), random(seed + 100, 2, words, 32), *cond)
        config, (vae, text) = unet_yaml(unet.config), stand_ins()
        more = {"yaml_sgm": tree_sgm(config, vae, text, case == "unet_refiner")} if ids else {}
        save(out, case, "unet", unet.to_json_string(), state, tensors, note, ldm=ldm, yaml=tree(config, vae, text, channels=unet.config.in_channels), **more)


def vae_cases(out):
    for case, arguments, note in (("vae_sd", ((32, 64, 96, 96), 2, 32), "SD's autoencoder, narrower"),
                                  ("vae_one", ((16, 32, 48), 1, 8), "three levels, one resnet a level (two in the decoder), 8 groups")):
        vae, state = filled(small_vae(*arguments), "vae")
        ldm = {vae_key(k, vae.config): {"shape": [*v.shape, 1, 1] if ".attentions." in k and v.ndim == 2 else list(v.shape), "from": k} for k, v in state.items()}
        agree(oracle.convert_ldm_vae_checkpoint(originals(ldm, state), vae.config), state)
        tensors = run_vae(vae, random(11, 1, 3, 32, 48).clamp(-1, 1), random(12, 1, 4, 4, 6))
        save(out, case, "vae", vae.to_json_string(), state, tensors, note, ldm=ldm,
             yaml=tree(unet_yaml(UNETS["unet_sd1"][0]().config), vae_yaml(vae.config), stand_ins()[1]))


def text_cases(out):
    unet, vae = unet_yaml(UNETS["unet_sd1"][0]().config), stand_ins()[0]
    model, state = filled(CLIPTextModel(small_text()), "text_encoder", outer="text_model.")
    ldm, xl = ({prefix + k: {"shape": list(v.shape), "from": k} for k, v in state.items()}
               for prefix in ("cond_stage_model.transformer.", "conditioner.embedders.0.transformer."))
    for m in (ldm, xl):
        agree(oracle.convert_ldm_clip_checkpoint(originals(m, state)), state)
    save(out, "text_clip_l", "text", model.config.to_json_string(), state, run_text(model, small_ids(999)),
         "CLIP as SD1 and SDXL's first encoder have it: quick GELU; vocabulary 1000, begin 998, end and padding 999",
         ldm=ldm, ldm_sdxl=xl, yaml=tree(unet, vae, text_yaml(model.config)))

    config = small_text(hidden_act="gelu", hidden_size=48, intermediate_size=192, projection_dim=40, pad_token_id=0)
    model, state = filled(CLIPTextModelWithProjection(config), "text_encoder")
    maps = []
    for prefix in ("cond_stage_model.model.", "conditioner.embedders.1.model."):
        maps.append(open_clip_map({k: list(v.shape) for k, v in state.items()}, prefix))
        converted = oracle.convert_open_clip_checkpoint(model, originals(maps[-1], state), prefix=prefix)
        converted.setdefault("text_projection.weight", originals(maps[-1], state)[prefix + "text_projection"].T)  # the oracle drops SD2's, unused there
        agree(converted, state)
    save(out, "text_open_clip", "text", config.to_json_string(), state, run_text(model, small_ids(0)),
         "OpenCLIP as SD2 and SDXL's second encoder have it: exact GELU, projection of width 40; vocabulary 1000, begin 998, end 999, padding 0",
         ldm=maps[0], ldm_sdxl=maps[1], yaml=tree(unet, vae, text_yaml(config), open_clip=True))


PROMPTS = ["", "fox, noto, blue background", ", ".join(f"{a} {b}" for a in ("red", "blue", "green", "yellow") for b in ("heart", "book", "apple", "bird", "fish", "star", "car"))]


def shipped_cases(model_dir, out):
    model_dir = pathlib.Path(model_dir)
    load = lambda cls, part: cls.from_pretrained(model_dir / part, torch_dtype=torch.float32).eval()
    config = lambda part: (model_dir / part / "config.json").read_text()
    tokenizer, text, unet, vae = load_tokenizer(model_dir), load(CLIPTextModel, "text_encoder"), load(UNet2DConditionModel, "unet"), load(AutoencoderKL, "vae")
    rows = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt, add_special_tokens=False, truncation=False).input_ids
        for start in range(0, max(len(ids), 1), 75):
            row = [49406] + ids[start:start + 75]
            rows.append(row + [49407] * (77 - len(row)))
    assert len(rows) == 4
    tensors = run_text(text, torch.tensor(rows))
    del tensors["penultimate"], tensors["penultimate_normed"]
    save(out, "shipped_text", "text", config("text_encoder"), text.state_dict(), tensors,
         "rows: the empty prompt; " + "; ".join(json.dumps(p) for p in PROMPTS[1:]) + " (two chunks, cut after 75 tokens without looking for a comma)")
    context = torch.stack([tensors["last_hidden_state"][1], tensors["last_hidden_state"][0]])
    save(out, "shipped_unet", "unet", config("unet"), unet.state_dict(), run_unet(resize_at_the_skip(unet), random(21, 2, 4, 16, 16), context),
         "context: shipped_text's second and first row")
    y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
    disc = (x**2 + y**2 < 0.5).float()
    image = torch.stack([2 * disc - 1, x * disc, -y])[None]
    latent = F.interpolate(vae.encode(image).latent_dist.mean, scale_factor=2, mode="bilinear") + 0.05 * random(22, 1, 4, 16, 16)
    save(out, "shipped_vae", "vae", config("vae"), vae.state_dict(), run_vae(vae, image, latent), "a disc on a gradient")


def load_tokenizer(model_dir):
    return CLIPTokenizer.from_pretrained(pathlib.Path(model_dir) / "tokenizer")


@torch.no_grad()
def main(model_dir, out):
    torch.set_num_threads(2)
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    unet_cases(out)
    vae_cases(out)
    text_cases(out)
    shipped_cases(model_dir, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
