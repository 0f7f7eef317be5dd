"""Schedules and samplers of the AUTOMATIC1111 web UI 1.10.1: k-diffusion's samplers, the web UI's own schedules and DDIM.

Usage: samplers.py WEBUI_DIR OUT_DIR      writes OUT_DIR/schedules.json and OUT_DIR/samplers.safetensors
WEBUI_DIR: a checkout of the web UI (its modules/sd_schedulers.py and modules/sd_samplers_timesteps_impl.py are read, nothing else; the
fixtures are from 1.10.1 as merged into Forge at 04c6ab68); OUT_DIR: tests/fixtures.
Python 3.11, torch 2.15.0, k-diffusion 0.1.1.post1, numpy 2.4.6, scipy 1.17.1, safetensors 0.8.0.

schedules.json
  models     betas, first, last, timesteps: arguments; levels: [timestep, alphas_cumprod, sigma]; to_t: [sigma, t]; to_sigma: [t, sigma]
  schedules  of the first model: label, steps, len, sigmas as [index, value] (all of them up to 40)
  timesteps  of the first model for DDIM: steps, and the timesteps from the highest
samplers.safetensors: for each case "<sampler>/<schedule>/<steps>[/eta]"
  .../x         what the denoiser was given, call by call [calls, 40]: every 13th value of the latents [2, 4, 8, 8]; for DDIM divided
                by sqrt(alphas_cumprod)
  .../denoised  what it answered, likewise
  .../end       the result [40]
The denoiser is no network but smooth and not linear: with c = 1 / sqrt(1 + sigma^2),
  denoised = x c^2 + sigma c tanh(x c + bias), bias = NV noise of seeds 98 and 99.
Noise is ImageRNG's of source NV, seeds 1 and 2.
"""
import importlib.util
import json
import pathlib
import sys
import types
from unittest import mock

import numpy as np
import torch
from safetensors.torch import save_file

from noise import web_ui

SHAPE, EVERY = (4, 8, 8), 13


def k_diffusion():
    """k_diffusion's external and sampling without the training packages its __init__ wants."""
    package = types.ModuleType("k_diffusion")
    package.__path__ = importlib.util.find_spec("k_diffusion").submodule_search_locations
    sys.modules["k_diffusion"] = package
    for absent in ("torchdiffeq", "torchsde", "torchvision", "torchvision.transforms"):
        sys.modules.setdefault(absent, mock.MagicMock())
    from k_diffusion import external, sampling
    package.sampling, package.external = sampling, external
    return external, sampling


def modules(folder):
    """The web UI's rng, sd_schedulers and sd_samplers_timesteps_impl."""
    ui = web_ui(folder)
    for absent in ("modules.models", "modules.models.diffusion", "modules.models.diffusion.uni_pc"):
        sys.modules[absent] = mock.MagicMock()
    for name in ("torch_utils", "sd_schedulers", "sd_samplers_timesteps_impl"):
        spec = importlib.util.spec_from_file_location(f"modules.{name}", pathlib.Path(folder) / "modules" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        setattr(ui, name, module)
    return ui


external, sampling = k_diffusion()

# ---- schedules

MODELS = [("scaled_linear", 0.00085, 0.012, 1000), ("linear", 0.0001, 0.02, 1000), ("scaled_linear", 0.001, 0.2, 50)]
STEPS = [1, 2, 3, 4, 5, 7, 8, 10, 13, 16, 20, 25, 30, 31, 50, 99, 150, 333, 500, 501, 999, 1000]


def short(value):
    return float(str(np.float32(value)))


def alphas_cumprod(kind, first, last, timesteps):
    """LDM's register_schedule: f64, then f32."""
    root = 0.5 if kind == "scaled_linear" else 1
    betas = torch.linspace(first**root, last**root, timesteps, dtype=torch.float64) ** (1 / root)
    return torch.tensor(np.cumprod(1 - betas.numpy()), dtype=torch.float32)


def wrap(alphas):
    """k-diffusion's view of a model that has these alphas."""
    return external.CompVisDenoiser(types.SimpleNamespace(alphas_cumprod=alphas), quantize=False)


def model_row(kind, first, last, timesteps):
    alphas = alphas_cumprod(kind, first, last, timesteps)
    model = wrap(alphas)
    at = sorted({*range(0, timesteps, max(timesteps // 20, 1)), 1, timesteps - 2, timesteps - 1})
    sigmas = [0.001, 0.03, 0.1, 0.37, 1.0, 2.5, 7.0, 14.0, 14.6, 200.0]
    ts = [0.0, 0.25, 1.0, 13.7, timesteps / 2 + 0.5, timesteps - 1.75, timesteps - 1.0]
    return {
        "betas": kind, "first": first, "last": last, "timesteps": timesteps,
        "levels": [[t, short(alphas[t]), short(model.sigmas[t])] for t in at],
        "to_t": [[s, short(model.sigma_to_t(torch.tensor(s)))] for s in sigmas],
        "to_sigma": [[t, short(model.t_to_sigma(torch.tensor(t)))] for t in ts],
    }


def sigmas_of(ui, label, steps, model):
    """KDiffusionSampler.get_sigmas with default settings."""
    scheduler = ui.sd_schedulers.schedulers_map[label]
    if scheduler.function is None:
        return model.get_sigmas(steps)
    more = {"inner_model": model} if scheduler.need_inner_model else {}
    return scheduler.function(n=steps, sigma_min=model.sigmas[0].item(), sigma_max=model.sigmas[-1].item(), device="cpu", **more)


def schedule_row(ui, label, steps, model):
    sigmas = sigmas_of(ui, label, steps, model)
    n = len(sigmas)
    at = range(n) if n <= 40 else sorted({*range(0, n, 37), 1, 2, n - 3, n - 2, n - 1})
    return {"label": label, "steps": steps, "len": n, "sigmas": [[i, short(sigmas[i])] for i in at]}


def timesteps_of(steps):
    """CompVisSampler.get_timesteps with default settings, rising."""
    return torch.clip(torch.asarray(list(range(0, 1000, 1000 // steps))) + 1, 0, 999)


# ---- samplers


class Toy:
    """A denoiser that remembers its calls."""

    def __init__(self, bias):
        self.bias, self.calls = bias, []

    def denoise(self, x, sigma):
        sigma = sigma.reshape(-1, 1, 1, 1)
        c = 1 / torch.sqrt(1 + sigma * sigma)
        denoised = x * (c * c) + torch.tanh(x * c + self.bias) * (sigma * c)
        self.calls.append((x, denoised))
        return denoised

    __call__ = denoise


class ToyOverTimesteps(Toy):
    """The same denoiser, asked by timestep for the noise in a latent of constant variance."""

    def __init__(self, bias, model):
        super().__init__(bias)
        self.sigmas = model.sigmas
        self.inner_model = types.SimpleNamespace(inner_model=model.inner_model)

    def __call__(self, x, t):
        sigma = self.sigmas[t.long()].reshape(-1, 1, 1, 1)
        x = x * torch.sqrt(1 + sigma * sigma)
        return (x - self.denoise(x, sigma)) / sigma


def run(ui, model, bias, sampler, schedule, steps, eta):
    ui.shared.opts.randn_source, ui.shared.opts.eta_noise_seed_delta = "NV", 0
    rng = ui.rng.ImageRNG(SHAPE, [1, 2])
    x = rng.next()
    more = {} if eta is None else {"eta": eta}
    if sampler == "DDIM":
        sampling.torch = types.SimpleNamespace(randn_like=lambda _: rng.next())
        toy = ToyOverTimesteps(bias, model)
        end = ui.sd_samplers_timesteps_impl.ddim(toy, x, timesteps_of(steps), disable=True, **more)
        sampling.torch = torch
    else:
        toy, sigmas = Toy(bias), sigmas_of(ui, schedule, steps, model)
        function = {"Euler": sampling.sample_euler, "Euler a": sampling.sample_euler_ancestral, "DPM++ 2M": sampling.sample_dpmpp_2m}[sampler]
        if sampler == "Euler a":
            more["noise_sampler"] = lambda *_: rng.next()
        end = function(toy, x * sigmas[0], sigmas, disable=True, **more)
    thin = lambda tensors: torch.stack([t.flatten()[::EVERY] for t in tensors]) if tensors else torch.zeros(0, 40)
    x, denoised = zip(*toy.calls) if toy.calls else ((), ())
    return {"x": thin(x), "denoised": thin(denoised), "end": end.flatten()[::EVERY].clone()}


def cases():
    for sampler in ("Euler", "Euler a", "DPM++ 2M"):
        for schedule in ("Uniform", "Karras", "SGM Uniform"):
            for steps in (1, 2, 7, 20):
                yield sampler, schedule, steps, None
    for eta in (0.0, 0.5):
        yield "Euler a", "Karras", 7, eta
    for steps in (1, 2, 7, 20):
        yield "DDIM", "Automatic", steps, None
    for eta in (0.5, 1.0):
        yield "DDIM", "Automatic", 7, eta


@torch.no_grad()
def main(webui, out):
    torch.set_num_threads(1)
    ui, out = modules(webui), pathlib.Path(out)
    alphas = alphas_cumprod(*MODELS[0])
    model = wrap(alphas)
    bias = torch.from_numpy(np.stack([ui.rng_philox.Generator(s).randn(SHAPE) for s in (98, 99)]))

    rows = {
        "models": [model_row(*m) for m in MODELS],
        "schedules": [schedule_row(ui, label, n, model) for label in ("Automatic", "Uniform", "Karras", "SGM Uniform") for n in STEPS],
        "timesteps": [{"steps": n, "timesteps": timesteps_of(n).flip(0).tolist()} for n in STEPS],
    }
    head = {"made_by": f"samplers.py, torch {torch.__version__}, k-diffusion 0.1.1.post1"}
    text = ",\n".join(f'"{k}": [\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in v) + "\n]" for k, v in rows.items())
    (out / "schedules.json").write_text(json.dumps(head)[:-1] + ",\n" + text + "}\n")

    tensors = {}
    for sampler, schedule, steps, eta in cases():
        name = f"{sampler}/{schedule}/{steps}" + ("" if eta is None else f"/{eta}")
        tensors |= {f"{name}/{k}": v.contiguous() for k, v in run(ui, model, bias, sampler, schedule, steps, eta).items()}
    save_file(tensors, out / "samplers.safetensors", head)


if __name__ == "__main__":
    main(*sys.argv[1:])
