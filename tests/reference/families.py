"""Whole pictures of every family of Stable Diffusion, as AUTOMATIC1111's web UI 1.10.1 makes them, from narrow models of the true depth.

Usage: families.py MODEL_DIR OUT_DIR     MODEL_DIR: danlu-emoji in diffusers layout, for its tokenizer; OUT_DIR: tests/fixtures/families
Python 3.11, torch 2.15.0, diffusers 0.42.1, transformers 5.23.0, k-diffusion 0.1.1.post1, Pillow 13.

OUT_DIR/<model>.json.gz describes a checkpoint without its weights, which are weights.py's:
  files   {file: {key: {"shape": s, "from": [[full name, its shape], ...], "transpose": true, "fill": number}}}; several sources are
          stacked; "fill" is put in place of the rule; a key without "from" is an empty tensor (v_pred, ztsnr)
  texts   {file: text}: configurations of a diffusers folder
OUT_DIR/cases.json lists the pictures <case>.png with the recipe and the models of each; "prediction" is what A1111 takes the UNet for.

What is A1111's here, beside what pictures.py says: is_using_v_parameterization_for_sd2; txt2img_image_conditioning, but with the mean of
the encoded grey, which A1111 draws at random; get_learned_conditioning of SDXL and its refiner; apply_refiner; the refiner's VAE decoding
behind it; rescale_zero_terminal_snr_abar.
"""
import gzip
import json
import pathlib
import sys

import numpy as np
import torch
from diffusers.models.embeddings import get_timestep_embedding
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from networks import filled, load_tokenizer, open_clip_map, resize_at_the_skip, small_vae, unet_key, unet_of, vae_key
from pictures import SAMPLERS, SCHEDULES, Model as Emoji, Noise, external

WIDTH, POOLED = 64, 64
SD, SDXL = (64, 128, 128, 128), (64, 128, 256)


def text_model(component, layers, act, projects=False):
    config = CLIPTextConfig(vocab_size=49408, bos_token_id=49406, eos_token_id=49407, pad_token_id=0, hidden_size=WIDTH, intermediate_size=4 * WIDTH,
                            num_hidden_layers=layers, num_attention_heads=1, hidden_act=act, projection_dim=POOLED)
    made = CLIPTextModelWithProjection(config) if projects else CLIPTextModel(config)
    return filled(made, component, outer="" if projects else "text_model.")


def y_of(numbers):
    return {"addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": POOLED + 256 * numbers}


UNETS = {
    "sd1": lambda **more: unet_of(SD, (1, 1, 1, 0), attention_head_dim=8, **{"cross_attention_dim": WIDTH} | more),
    "sd2": lambda **more: unet_of(SD, (1, 1, 1, 0), attention_head_dim=(1, 2, 2, 2), use_linear_projection=True, **{"cross_attention_dim": WIDTH} | more),
    "sdxl": lambda **more: unet_of(SDXL, (0, 1, 1), attention_head_dim=(1, 2, 4), use_linear_projection=True, transformer_layers_per_block=(1, 2, 10),
                                   **{"cross_attention_dim": 2 * WIDTH} | y_of(6) | more),
    "refiner": lambda **more: unet_of(SD, (0, 1, 1, 0), attention_head_dim=(1, 2, 2, 2), use_linear_projection=True, transformer_layers_per_block=4,
                                      **{"cross_attention_dim": WIDTH} | y_of(5) | more),
}


def rescaled(alphas_cumprod):
    roots = alphas_cumprod.sqrt()
    first, last = roots[0].clone(), roots[-1].clone()
    roots -= last
    roots *= first / (first - last)
    out = roots**2
    out[-1] = 4.8973451890853435e-08
    return out


class Checkpoint:
    """Networks of a family; `conv_out` puts a number in place of that bias, which decides what A1111's test of SD 2 finds."""

    def __init__(self, name, family, channels=4, prediction="eps", ztsnr=False, marks=(), conv_out=None):
        self.name, self.family, self.marks, self.ztsnr, self.channels = name, family, marks, ztsnr, channels
        self.part = "refiner" if family == "refiner" else "unet"
        unet, self.unet_state = filled(UNETS[family](in_channels=channels), self.part)
        self.fill = {}
        if conv_out is not None:
            self.fill["conv_out.bias"] = conv_out
            torch.nn.init.constant_(unet.conv_out.bias, conv_out)
        self.unet = resize_at_the_skip(unet)
        self.vae, self.vae_state = filled(small_vae((32, 64, 64, 64), 2, 32), "vae_refiner" if family == "refiner" else "vae")
        self.scale = 0.13025 if family in ("sdxl", "refiner") else 0.18215
        self.texts = {"sd1": [("l", 12)], "sd2": [("h", 24)], "sdxl": [("l", 12), ("g", 32)], "refiner": [("g", 32)]}[family]
        self.models = [text_model(f"text_{kind}", layers, "quick_gelu" if kind == "l" else "gelu", kind == "g") for kind, layers in self.texts]
        betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=np.float64) ** 2
        self.alphas_cumprod = torch.tensor(np.cumprod(1 - betas), dtype=torch.float32)
        if ztsnr:
            self.alphas_cumprod = rescaled(self.alphas_cumprod)
        self.prediction = self.probed() if family == "sd2" and channels == 4 else prediction

    def probed(self):
        x = torch.ones(1, 4, 8, 8) * 0.5
        out = self.unet(x, torch.asarray([999]), torch.ones(1, 2, WIDTH) * 0.5).sample
        mean = (out - x).mean().item()
        print(self.name, "out - x", mean)
        return "v" if mean < -1 else "eps"

    # ---- what A1111 does with it

    def encode(self, chunks, size, negative, empty):
        contexts, pooled = [], None
        for (kind, _), (model, _) in zip(self.texts, self.models):
            states = []
            for i, (ids, weights) in enumerate(chunks):
                if kind != "l":
                    end = ids.index(49407)
                    ids = ids[:end + 1] + [0] * (76 - end)
                out = model(torch.tensor([ids]), output_hidden_states=True)
                norm = getattr(model, "text_model", model).final_layer_norm
                z = {"sd1": lambda: out.last_hidden_state, "sd2": lambda: norm(out.hidden_states[-2])}.get(self.family, lambda: out.hidden_states[-2])()
                if kind == "g" and i == 0:
                    pooled = out.text_embeds
                scaled = z * torch.tensor(weights, dtype=torch.float32).reshape(1, -1, 1)
                states.append(scaled * (z.mean() / scaled.mean()) if any(w != 1 for w in weights) else z)
            contexts.append(torch.cat(states, 1))
        cond = {"context": torch.cat(contexts, 2)}
        if pooled is not None:
            if negative and empty:
                cond["context"], pooled = torch.zeros_like(cond["context"]), torch.zeros_like(pooled)
            w, h = size
            numbers = [h, w, 0, 0, 2.5 if negative else 6.0] if self.family == "refiner" else [h, w, 0, 0, h, w]
            cond["added"] = {"text_embeds": pooled, "time_ids": torch.tensor([numbers], dtype=torch.float32)}
        return cond

    def beside(self, h, w):
        if self.channels == 4:
            return None
        grey = torch.ones(1, 3, 8 * h, 8 * w) * 0.5 * 2 - 1
        return torch.cat([torch.ones(1, 1, h, w), self.vae.encode(grey).latent_dist.mean * self.scale], 1)

    def apply_model(self, x, t, cond):
        if cond["beside"] is not None:
            x = torch.cat([x, cond["beside"].expand(len(x), -1, -1, -1)], 1)
        more = {k: v.expand(len(x), -1) for k, v in cond.get("added", {}).items()}
        return self.unet(x, t, cond["context"].expand(len(x), -1, -1), added_cond_kwargs=more or None).sample

    def decode(self, latents):
        for latent in latents:
            pixels = self.vae.decode(latent[None] / self.scale).sample[0]
            pixels = torch.clamp((pixels + 1) / 2, 0, 1).permute(1, 2, 0).numpy()
            yield (np.float32(255) * pixels).astype(np.uint8)

    # ---- how danlu can make it

    def entry(self, state, name, component, shape=None, **more):
        own = list(state[name].shape)
        entry = {"shape": shape or own, "from": [[f"{component}.{name}", own]], **more}
        if component == self.part and name in self.fill:
            entry["fill"] = self.fill[name]
        return entry

    def single_file(self):
        keys = {unet_key(k, self.unet.config): self.entry(self.unet_state, k, self.part) for k in self.unet_state}
        vae = "vae_refiner" if self.family == "refiner" else "vae"
        for k, v in self.vae_state.items():
            flat = ".attentions." in k and v.ndim == 2
            keys[vae_key(k, self.vae.config)] = self.entry(self.vae_state, k, vae, [*v.shape, 1, 1] if flat else None)
        for i, ((kind, _), (_, state)) in enumerate(zip(self.texts, self.models)):
            stage = f"conditioner.embedders.{i}." if self.family in ("sdxl", "refiner") else "cond_stage_model."
            if kind == "l":
                keys |= {f"{stage}transformer.{k}": self.entry(state, k, "text_l") for k in state}
                continue
            for key, entry in open_clip_map({k: list(v.shape) for k, v in state.items()}, stage + "model.").items():
                names = entry.get("concat") or [entry["from"]]
                keys[key] = {"shape": entry["shape"], "from": [[f"text_{kind}.{n}", list(state[n].shape)] for n in names],
                             **({"transpose": True} if entry.get("transpose") else {})}
        keys |= {mark: {"shape": [0]} for mark in self.marks}
        return {"files": {"model.safetensors": keys}, "texts": {}}

    def folder(self, prediction):
        """A diffusers folder; SD 2's text encoder has lost its last layer there, and the rest is the same."""
        texts = {"model_index.json": {"_class_name": "StableDiffusionPipeline"},
                 "scheduler/scheduler_config.json": {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
                                                     "prediction_type": {"v": "v_prediction", "eps": "epsilon"}[prediction], "rescale_betas_zero_snr": self.ztsnr},
                 "unet/config.json": json.loads(self.unet.to_json_string()), "vae/config.json": json.loads(self.vae.to_json_string()) | {"scaling_factor": self.scale}}
        files = {"unet/diffusion_pytorch_model.safetensors": {k: self.entry(self.unet_state, k, self.part) for k in self.unet_state},
                 "vae/diffusion_pytorch_model.safetensors": {k: self.entry(self.vae_state, k, "vae_refiner" if self.family == "refiner" else "vae") for k in self.vae_state}}
        for i, ((kind, layers), (model, state)) in enumerate(zip(self.texts, self.models)):
            part = "text_encoder_2" if i or self.family == "refiner" else "text_encoder"
            config = json.loads(model.config.to_json_string()) | {"architectures": [type(model).__name__]}
            if kind == "h":
                config["num_hidden_layers"] = layers - 1
                state = {k: v for k, v in state.items() if f".layers.{layers - 1}." not in k}
            texts["model_index.json"][part] = ["transformers", type(model).__name__]
            texts[f"{part}/config.json"] = config
            files[f"{part}/model.safetensors"] = {k: self.entry(state, k, f"text_{kind}") for k in state}
        if self.family == "refiner":
            texts["model_index.json"]["text_encoder"] = [None, None]
        return {"files": files, "texts": {k: json.dumps(v) for k, v in texts.items()}}


def generate(base, refiner, chunks, prompt, negative_prompt, seed, sampler, schedule, steps, cfg, width, height, switch_at, zero_snr):
    h, w = height // 8, width // 8
    noise = Noise([seed], "nv", 0, (4, h, w))

    def taken(model, ratio_from=None):
        conds = [model.encode(chunks(p), (width, height), i == 1, p == "") | {"beside": model.beside(h, w)} for i, p in enumerate((prompt, negative_prompt))]
        wrap = (external.CompVisVDenoiser if model.prediction == "v" else external.CompVisDenoiser)(model, quantize=False)
        return {"model": model, "wrap": wrap, "conds": conds}

    if zero_snr:
        base.alphas_cumprod = rescaled(base.alphas_cumprod)
    now = taken(base)
    wrap = now["wrap"]

    def denoise(x, sigma):
        timestep = torch.argmin(torch.abs(now["wrap"].sigmas - torch.max(sigma)))
        if refiner is not None and now["model"] is base and not (999 - timestep) / 1000 < switch_at:
            now.update(taken(refiner))
        a, b = (now["wrap"](x, sigma, cond=c) for c in now["conds"])
        return b + (a - b) * cfg

    function, automatic = SAMPLERS[sampler]
    sigmas = SCHEDULES[automatic if schedule == "Automatic" else schedule](steps, wrap)
    more = {"noise_sampler": noise.next} if sampler == "Euler a" else {}
    latents = function(denoise, noise.first * sigmas[0], sigmas, disable=True, **more)
    print("   switched" if now["model"] is not base else "   stayed", "latents", latents.mean().item(), latents.std().item())
    return next(now["model"].decode(latents))


PLAIN = {"prompt": "a (fox:1.2) on a blue background, noto", "negative_prompt": "dog", "seed": 7, "sampler": "Euler", "schedule": "Automatic",
         "steps": 6, "cfg": 3, "width": 128, "height": 64, "switch_at": 0.8, "zero_snr": False}
MODELS = {
    "sd1_inpaint": dict(family="sd1", channels=9),
    "sd2": dict(family="sd2"),
    "sd2_v": dict(family="sd2", conv_out=-2.0),
    "sd2_inpaint": dict(family="sd2", channels=9),
    "sdxl": dict(family="sdxl"),
    "sdxl_inpaint": dict(family="sdxl", channels=9),
    "sdxl_v_ztsnr": dict(family="sdxl", prediction="v", ztsnr=True, marks=("v_pred", "ztsnr")),
    "refiner": dict(family="refiner"),
}
FOLDERS = ("sd2_v", "sdxl", "sdxl_v_ztsnr", "refiner")
CASES = {
    "sd1_inpaint": {"model": "sd1_inpaint"},
    "sd2": {"model": "sd2", "sampler": "DPM++ 2M"},
    "sd2_v": {"model": "sd2_v", "negative_prompt": ""},
    "sd2_v_karras": {"model": "sd2_v", "sampler": "DPM++ 2M", "steps": 8},
    "sd2_zero_snr": {"model": "sd2_v", "zero_snr": True, "sampler": "Euler a"},
    "sd2_inpaint": {"model": "sd2_inpaint"},
    "sdxl": {"model": "sdxl", "negative_prompt": ""},
    "sdxl_refined": {"model": "sdxl", "refiner": "refiner", "switch_at": 0.5, "steps": 8, "schedule": "Karras"},
    "sdxl_refined_early": {"model": "sdxl", "refiner": "refiner", "switch_at": 0.0, "negative_prompt": "", "steps": 4},
    "sdxl_never_refined": {"model": "sdxl", "refiner": "refiner", "switch_at": 1.0, "steps": 4},
    "sdxl_inpaint": {"model": "sdxl_inpaint"},
    "sdxl_v_ztsnr": {"model": "sdxl_v_ztsnr", "sampler": "Euler a"},
    "refiner": {"model": "refiner"},
}


@torch.no_grad()
def main(folder, out):
    torch.set_num_threads(2)
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    reader = Emoji.__new__(Emoji)
    reader.tokenizer = load_tokenizer(folder)
    write = lambda name, text: (out / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    listed = []
    for name, arguments in MODELS.items():
        made = Checkpoint(name, **arguments)
        write(f"{name}.json.gz", json.dumps(made.single_file()))
        if name in FOLDERS:
            write(f"{name}_folder.json.gz", json.dumps(made.folder(made.prediction)))
    for name, case in CASES.items():
        case = PLAIN | case
        base, refiner = (case.get(part) and Checkpoint(case[part], **MODELS[case[part]]) for part in ("model", "refiner"))
        print(name)
        pixels = generate(base, refiner, reader.chunks, **{k: case[k] for k in PLAIN})
        print("   pixels", pixels.mean(), pixels.std(), "cut", np.mean((pixels == 0) | (pixels == 255)))
        Image.fromarray(pixels).save(out / f"{name}.png", optimize=True)
        listed.append({"name": name, "prediction": base.prediction, **case})
    (out / "cases.json").write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
