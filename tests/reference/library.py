"""Files and facts for tests/library: hashes as A1111 and kohya compute them, files as torch and safetensors write them.

Writes tests/fixtures/library/. Rules restated from AUTOMATIC1111/stable-diffusion-webui 1.10.1 (modules/hashes.py, sd_models.py) and
kohya-ss/sd-scripts (library/train_util.py, model_hash and addnet_hash_safetensors).
"""

import hashlib
import json
import struct
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

OUT = Path(__file__).parent.parent / "fixtures" / "library"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def legacy(data):
    return sha256(data[0x100000 : 0x100000 + 0x10000])[:8]


def addnet(data):
    (header,) = struct.unpack("<Q", data[:8])
    return sha256(data[8 + header :])


def lora():
    tensors, generator = {}, torch.Generator().manual_seed(0)
    modules = {
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj": (768, 768, 4, 2.0),
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k": (64, 768, 4, 2.0),
        "lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v": (64, 768, 4, 2.0),
    }
    for name, (out, width, dim, alpha) in modules.items():
        tensors[f"{name}.lora_down.weight"] = torch.randn(dim, width, generator=generator).half()
        tensors[f"{name}.lora_up.weight"] = torch.randn(out, dim, generator=generator).half()
        tensors[f"{name}.alpha"] = torch.tensor(alpha).half()
    metadata = {
        "ss_output_name": "fox_style",
        "ss_sd_model_name": "base.safetensors",
        "ss_network_dim": "4",
        "ss_network_alpha": "2.0",
        "ss_v2": "False",
        "ss_base_model_version": "sd_v1",
    }
    return tensors, metadata


def settle(path):
    """Writes a header again with its keys sorted: the library writes metadata in another order every time."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + data[8 + length :])
    path.chmod(0o644)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    tensors, metadata = lora()
    save_file(tensors, OUT / "lora.safetensors", metadata)
    settle(OUT / "lora.safetensors")
    torch.save(OrderedDict(tensors), OUT / "lora.pt")
    # A1111's textual inversion, and its hypernetwork (modules/hypernetworks/hypernetwork.py, Hypernetwork.save).
    torch.save(
        {
            "string_to_token": {"*": 265},
            "string_to_param": {"*": torch.zeros(3, 768)},
            "name": "fox-ti",
            "step": 1500,
            "sd_checkpoint": "6ce0161689",
            "sd_checkpoint_name": "base",
        },
        OUT / "embedding.pt",
    )
    save_file({"clip_g": torch.zeros(2, 1280), "clip_l": torch.zeros(2, 768)}, OUT / "embedding-xl.safetensors")
    settle(OUT / "embedding-xl.safetensors")
    stack = lambda width: {
        "linear.0.weight": torch.zeros(2 * width, width),
        "linear.0.bias": torch.zeros(2 * width),
        "linear.1.weight": torch.zeros(width, 2 * width),
        "linear.1.bias": torch.zeros(width),
    }
    # Two narrow widths stand for the real ones beside 768, whose stacks would be megabytes.
    torch.save(
        {
            16: (stack(16), stack(16)),
            32: (stack(32), stack(32)),
            "step": 10000,
            "name": "fox-hyper",
            "layer_structure": [1, 2, 1],
            "sd_checkpoint_name": "base",
        },
        OUT / "hypernetwork.pt",
    )
    # Not of one value and longer than the part that the old hash takes.
    (OUT / "hashes.json").write_text(json.dumps(hashes(), indent=1) + "\n")


def pattern():
    """What the test writes as a long file: bytes by a rule, so that it need not be committed."""
    body = bytes((i * 31 + (i >> 8) * 7) & 255 for i in range(0x120001))
    header = json.dumps({"a": {"dtype": "U8", "shape": [len(body)], "data_offsets": [0, len(body)]}}).encode()
    return struct.pack("<Q", len(header)) + header + body


def hashes():
    found = {}
    files = {name: (OUT / name).read_bytes() for name in ["lora.safetensors", "lora.pt", "embedding.pt"]}
    files["pattern"] = pattern()
    for name, data in files.items():
        found[name] = {"sha256": sha256(data), "legacy": legacy(data)}
        if data[8:9] == b"{":
            found[name]["network"] = addnet(data)
    return found


if __name__ == "__main__":
    main()
