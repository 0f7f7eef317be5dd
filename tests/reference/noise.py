"""Noise of torch's CPU generator and of A1111's imitation of its CUDA generator, draw after draw.

Usage: noise.py WEBUI_DIR OUT.json
WEBUI_DIR: a checkout of the AUTOMATIC1111 web UI (its modules/rng.py and modules/rng_philox.py are read, nothing else; the fixture is
from 1.10.1 as merged into Forge at 04c6ab68); OUT.json: tests/fixtures/noise.json.
Python 3.11, torch 2.15.0 on a processor with AVX2, numpy 2.4.6.

streams  source, seed, and the draws of one generator in order; seeds are strings, since JSON has no 64-bit integers
batches  source, seeds, shape, ensd, and the draws of one ImageRNG
A draw is its length, some of its values as [index, value] pairs (all of them up to 40), and the sum of all in f64.
"""
import importlib.util
import json
import math
import pathlib
import sys
import types

import numpy as np
import torch

SEEDS = [0, 1, 42, 2**32 - 1, 2**32, 2**63, 2**64 - 1]
# Long and short by turns, so that the spare number of a short draw waits behind long ones. 1024 = (4, 16, 16), 1020 = (4, 17, 15).
LENGTHS = [12, 1024, 15, 1020, 15, 16, 17, 1, 31, 5, 1024]
FRESH = [1024, 1020, 15, 12, 16, 17, 31]


def web_ui(folder):
    """The web UI's modules rng and rng_philox, with the options that they read."""
    shared = types.ModuleType("modules.shared")
    shared.opts, shared.device = types.SimpleNamespace(randn_source="NV", eta_noise_seed_delta=0), torch.device("cpu")
    devices = types.ModuleType("modules.devices")
    devices.device = devices.cpu = torch.device("cpu")
    package = types.ModuleType("modules")
    package.shared, package.devices = shared, devices
    sys.modules |= {"modules": package, "modules.shared": shared, "modules.devices": devices}
    for name in ("rng_philox", "rng"):
        spec = importlib.util.spec_from_file_location(f"modules.{name}", pathlib.Path(folder) / "modules" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        setattr(package, name, module)
    return package


def draw(values):
    values = np.asarray(values, dtype=np.float32).ravel()
    n = len(values)
    at = range(n) if n <= 40 else sorted({*range(4), *range(0, n, 101), *range(n - 20, n)})
    return {"len": n, "values": [[i, float(str(values[i]))] for i in at], "sum": math.fsum(values.tolist())}


def main(folder, out):
    ui = web_ui(folder)
    assert np.allclose(ui.rng_philox.Generator(0).randn((2,)), [-0.92466259, -0.42534415], rtol=0, atol=1e-6)
    streams, batches = [], []
    for source in ("NV", "CPU"):
        ui.shared.opts.randn_source = source
        make = lambda seed: ui.rng.create_generator(seed)
        more = lambda n, generator: ui.rng.randn_without_seed((n,), generator=generator)
        runs = [(seed, LENGTHS) for seed in SEEDS] + [(seed, [n, n]) for seed in (0, 42) for n in FRESH]
        for seed, lengths in runs:
            generator = make(seed)
            streams.append({"source": source, "seed": str(seed), "draws": [draw(more(n, generator)) for n in lengths]})
        for seeds, shape, ensd in [([900, 901], (4, 8, 8), 31337), ([1, 2, 3], (1, 3, 5), 0), ([7], (4, 5, 7), -7), ([0], (4, 4, 4), -1)]:
            if source == "NV" and seeds[0] + ensd < 0:
                continue  # numpy 2 refuses what the web UI's numpy 1 wrapped
            ui.shared.opts.eta_noise_seed_delta = ensd
            images = ui.rng.ImageRNG(shape, seeds)
            draws = [draw(images.next()) for _ in range(3)]
            batches.append({"source": source, "seeds": seeds, "shape": shape, "ensd": ensd, "draws": draws})
    head = {"made_by": f"noise.py, torch {torch.__version__} {torch.backends.cpu.get_cpu_capability()}, numpy {np.__version__}"}
    rows = {"streams": streams, "batches": batches}
    text = ",\n".join(f'"{k}": [\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in v) + "\n]" for k, v in rows.items())
    pathlib.Path(out).write_text(json.dumps(head)[:-1] + ",\n" + text + "}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
