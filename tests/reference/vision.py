"""Small taggers, captioners and faces of the true graphs: fixtures for tests/vision.

Usage: vision.py timm|blip|faces|pictures OUT_DIR      OUT_DIR: tests/fixtures/vision
       vision.py keras OUT_DIR ZOO                            ZOO: SmilingWolf's SW-CV-ModelZoo; needs tensorflow-cpu 2.21.0,
                                                              tf_keras 2.21.0, tf2onnx 1.17.0 in an environment of their own
Python 3.11, torch 2.15.0, timm 1.0.31, transformers 5.23.0, onnx 1.23.2, onnxruntime 1.31.1, opencv 5.0.0, pillow 13.0.0.

taggers/<name>.onnx.gz   random weights, narrow and shallow, but with every kind of node that the published file's architecture has. timm's
                         are the v3 models and EVA02; keras' are v1.4 and v2 from the definitions that they were trained by, converted
                         by tf2onnx as they were. Input NHWC, BGR, 0 to 255; output sigmoid.
taggers.json             {name: {"side": n, "formula": [...], "pictures": {file: [...]}}}: onnxruntime's outputs. "formula" is the input
                         x[i] = (i * 7919 mod 256); "pictures" go through preprocess_image of kohya's tag_images_by_wd14_tagger.py
                         (rewritten here with Pillow and OpenCV, as importing it wants half of sd-scripts).
pictures.json            {file: {"tagger": {...}, "captioner": {...}}}: samples of prepared inputs.
blip/<name>/             a Hugging Face folder with random weights; blip.json holds states, logits and sentences of transformers.
yunet_<any|fixed>.onnx   a narrow YuNet with random weights; faces.json holds the boxes of cv2.FaceDetectorYN: x, y, width, height, score.
"""
import gzip
import json
import math
import os
import pathlib
import sys

import numpy as np

CLASSES = 12
# Weights are whole multiples of one in so many, so that files pack well.
GRAIN = 64


def formula(side):
    return (np.arange(side * side * 3, dtype=np.int64) * 7919 % 256).astype(np.float32).reshape(1, side, side, 3)


def prepared(path, side):
    """preprocess_image of kohya's script, for any side."""
    import cv2
    from PIL import Image

    image = Image.open(path)
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    if image.mode == "RGBA":
        background = Image.new("RGB", image.size, (255, 255, 255))
        background.paste(image, mask=image.split()[3])
        image = background
    image = np.array(image)[:, :, ::-1]
    size = max(image.shape[0:2])
    pad_x, pad_y = size - image.shape[1], size - image.shape[0]
    pad_l, pad_t = pad_x // 2, pad_y // 2
    pads = ((pad_t, pad_y - pad_t), (pad_l, pad_x - pad_l), (0, 0))
    image = np.pad(image, pads, mode="constant", constant_values=255)
    if size >= side:
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    else:
        image = np.array(Image.fromarray(image[:, :, ::-1]).resize((side, side), Image.Resampling.LANCZOS))[:, :, ::-1]
    return image.astype(np.float32)


def record(out, name, side):
    import onnxruntime as ort

    graph = out / "taggers" / f"{name}.onnx"
    session = ort.InferenceSession(str(graph))
    run = lambda x: [round(float(v), 7) for v in session.run(None, {session.get_inputs()[0].name: x})[0][0]]
    path = out / "taggers.json"
    cases = json.loads(path.read_text()) if path.exists() else {}
    files = sorted(p for p in (out / "pictures").iterdir())
    found = {p.name: run(prepared(p, side)[None]) for p in files}
    cases[name] = {"side": side, "input": session.get_inputs()[0].name, "formula": run(formula(side)), "pictures": found}
    path.write_text(json.dumps(cases, indent=1) + "\n")
    packed = gzip.compress(graph.read_bytes(), 9, mtime=0)
    graph.with_suffix(".onnx.gz").write_bytes(packed)
    graph.unlink()
    print(name, side, len(packed), cases[name]["formula"][:6], np.std(cases[name]["formula"]))


def pictures(out):
    """Pictures that shrink by whole and broken factors, grow, have margins, alpha, a palette."""
    from PIL import Image

    (out / "pictures").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)

    def blobs(w, h, channels):
        y, x = np.mgrid[0:h, 0:w]
        planes = [128 + 120 * np.sin(x / (7 + 5 * c) + c) * np.cos(y / (11 - 2 * c)) for c in range(channels)]
        return np.clip(np.stack(planes, -1) + rng.normal(0, 6, (h, w, channels)), 0, 255).astype(np.uint8)

    Image.fromarray(blobs(150, 97, 3)).save(out / "pictures" / "wide.png")
    Image.fromarray(blobs(40, 56, 3)).save(out / "pictures" / "small.png")
    Image.fromarray(blobs(224, 224, 3)).save(out / "pictures" / "square.jpg", quality=92, subsampling=0)
    Image.fromarray(blobs(90, 131, 4)).save(out / "pictures" / "alpha.png")
    Image.fromarray(blobs(100, 70, 1)[:, :, 0]).save(out / "pictures" / "gray.png")
    Image.fromarray(blobs(80, 80, 3)).quantize(32).save(out / "pictures" / "palette.png")
    from transformers import BlipImageProcessorPil

    processor = BlipImageProcessorPil()
    cases = {}
    for path in sorted((out / "pictures").iterdir()):
        tagger = prepared(path, 448)
        blip = processor(Image.open(path).convert("RGB"), return_tensors="np")["pixel_values"][0]
        places = [(int(a), int(b)) for a, b in rng.integers(0, 384, (60, 2))]
        cases[path.name] = {
            "tagger": {"sum": float(tagger.sum()), "at": [[y, x, *map(int, tagger[y, x])] for y, x in places]},
            "captioner": [[y, x, *(round(float(v), 6) for v in blip[:, y, x])] for y, x in places],
        }
    (out / "pictures.json").write_text(json.dumps(cases) + "\n")


def timm_models(out):
    import timm
    import torch

    class Published(torch.nn.Module):
        """What the published files have around timm's model."""

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            x = x.permute(0, 3, 1, 2).flip(1) / 255.0
            return torch.sigmoid(self.inner((x - 0.5) / 0.5))

    tanh = {"act_layer": "gelu_tanh"}
    vit = {**tanh, "class_token": False, "global_pool": "avg", "fc_norm": False}
    models = {
        "v3_vit": (64, "vit_base_patch16_224", {**vit, "img_size": 64, "embed_dim": 32, "depth": 2, "num_heads": 2}),
        "v3_convnext": (64, "convnext_base", {**tanh, "depths": (1, 1, 2, 1), "dims": (8, 12, 16, 24)}),
        "v3_swinv2": (
            64,
            "swinv2_base_window8_256",
            {**tanh, "img_size": 64, "window_size": 4, "embed_dim": 12, "depths": (2, 2, 1, 1), "num_heads": (1, 2, 3, 4)},
        ),
        "v3_eva02": (56, "eva02_large_patch14_448", {"img_size": 56, "embed_dim": 48, "depth": 2, "num_heads": 2}),
    }
    (out / "taggers").mkdir(exist_ok=True)
    for name, (side, architecture, sizes) in models.items():
        torch.manual_seed(11)
        inner = timm.create_model(architecture, pretrained=False, num_classes=CLASSES, **sizes).eval()
        with torch.no_grad():
            for key, p in inner.named_parameters():
                if p.dim() > 1 and "logit_scale" not in key and "pos_embed" not in key:
                    p.normal_(0, 1.3 / math.sqrt(p[0].numel()))
                elif p.dim() == 1:
                    p.copy_((0.0 if "bias" in key else 1.0) + 0.3 * torch.randn_like(p))
                p.copy_((p * GRAIN).round() / GRAIN)
        model = Published(inner)
        names = {"input_names": ["input"], "output_names": ["output"], "dynamic_axes": {"input": {0: "batch"}, "output": {0: "batch"}}}
        path = str(out / "taggers" / f"{name}.onnx")
        torch.onnx.export(model, (torch.rand(1, side, side, 3) * 255,), path, dynamo=False, opset_version=17, **names)
        record(out, name, side)


def keras_models(out, zoo):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    sys.path.insert(0, zoo)
    import tensorflow as tf
    import tf2onnx

    def gelu(x, approximate=False, name=None):
        # As TensorFlow had it when the models were converted; now it is Erfc, which ONNX lacks.
        return 0.5 * x * (1.0 + tf.math.erf(x / math.sqrt(2.0)))

    tf.nn.gelu = tf.compat.v2.nn.gelu = gelu
    from Models import MoAt, ConvNext, SwinV2, ViT

    ConvNext.definitions["Tiny"] = {"blocks": [1, 1, 2, 1], "filters": [8, 12, 16, 24]}
    ViT.definitions["Tiny"] = {**ViT.definitions["B16"], "num_blocks": 2, "key_dim": 32, "mlp_dim": 64, "heads": 2}
    SwinV2.definitions["Tiny"] = {"embed_dim": 12, "depths": [2, 1, 1, 1], "num_heads": [1, 2, 3, 4]}
    MoAt.definitions["Tiny"] = {
        "stem_filters": 8,
        "blocks": [1, 1, 1, 1],
        "block_types": ["mb", "mb", "moat", "moat"],
        "filters": [8, 12, 32, 32],
        "stochdepth_rate": 0.1,
    }
    common = {"in_shape": (64, 64, 3), "out_classes": CLASSES, "definition_name": "Tiny"}
    models = {
        "v1_convnext": (lambda: ConvNext.ConvNextV1(**common), 17),
        "v2_convnextv2": (lambda: ConvNext.ConvNextV2(**common), 13),
        "v2_vit": (lambda: ViT.ViT(**common), 17),
        "v2_swinv2": (lambda: SwinV2.SwinV2(window_size=4, **common), 13),
        "v2_moat": (lambda: MoAt.MoAt(window_sides=[None, None, 2, None], use_pe=True, **common), 17),
    }
    (out / "taggers").mkdir(exist_ok=True)
    for name, (make, opset) in models.items():
        tf.keras.backend.clear_session()
        tf.random.set_seed(3)
        rng = np.random.default_rng(3)
        model = make()
        for v in model.weights:
            shape = tuple(v.shape)
            if "moving_variance" in v.name:
                v.assign(rng.uniform(0.5, 1.5, shape))
            elif len(shape) <= 1:
                ones = "gamma" in v.name or "scale" in v.name.lower()
                v.assign((1.0 if ones else 0.0) + 0.3 * rng.normal(size=shape))
            elif v.trainable:
                v.assign(rng.normal(0, 1.3 / math.sqrt(np.prod(shape[:-1])), shape))
            v.assign(np.round(v.numpy() * GRAIN) / GRAIN)
        spec = (tf.TensorSpec((None, 64, 64, 3), tf.float32, name="input_1"),)
        tf2onnx.convert.from_keras(model, input_signature=spec, opset=opset, output_path=str(out / "taggers" / f"{name}.onnx"))
        record(out, name, 64)


def blip(out):
    """Narrow BLIPs of the true structure; base and large differ by their sizes only."""
    import torch
    from PIL import Image
    from transformers import BertTokenizer, BlipConfig, BlipForConditionalGeneration, BlipImageProcessorPil

    words = ["[PAD]", *(f"[unused{i}]" for i in range(3)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "'", "!", "?", "-"]
    words += ["a", "picture", "of", "the", "fox", "snow", "in", "red", "##s", "##ing", "do", "not", "n't", "s", "dog", "sit", "house"]
    words += [f"w{i}" for i in range(60)] + [f"##p{i}" for i in range(30)]
    sizes = {
        "base": ({"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 48}, 24),
        "large": ({"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "image_size": 32}, 24),
    }
    cases = {}
    for name, (vision, width) in sizes.items():
        folder = out / "blip" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.txt").write_text("\n".join(words) + "\n")
        text = {"vocab_size": len(words) + 2, "hidden_size": width, "intermediate_size": 48, "num_hidden_layers": 2}
        text |= {"num_attention_heads": 3, "max_position_embeddings": 40, "bos_token_id": len(words), "pad_token_id": 0}
        text |= {"sep_token_id": words.index("[SEP]"), "eos_token_id": 2, "encoder_hidden_size": vision["hidden_size"]}
        torch.manual_seed(7)
        config = BlipConfig(vision_config={**vision, "patch_size": 16}, text_config=text)
        model = BlipForConditionalGeneration(config).eval()
        with torch.no_grad():
            for key, p in model.named_parameters():
                if "word_embeddings" in key:
                    p.normal_(0, 0.5)
                elif "position_embeddings" in key:
                    p.normal_(0, 1.2)
                elif p.dim() > 1:
                    # What tokens have of their own must not drown in what all share.
                    p.normal_(0, (0.4 if "text" in key and "output.dense" in key else 1.6) / math.sqrt(p[0].numel()))
                else:
                    p.copy_((1.0 if key.endswith("orm.weight") or "norm" in key and "weight" in key else 0.0) + 0.2 * torch.randn_like(p))
                p.copy_((p * GRAIN).round() / GRAIN)
            bias = model.text_decoder.cls.predictions.decoder.bias
            # Sentences of several lengths.
            bias.copy_((torch.randn_like(bias) * 32).round() / 64)
            bias[words.index("[SEP]")] += 3.0
        if name == "base":
            model.save_pretrained(folder)
        else:
            # As transformers saved it before safetensors.
            config.architectures = ["BlipForConditionalGeneration"]
            config.save_pretrained(folder)
            torch.save(model.state_dict(), folder / "pytorch_model.bin")
        for stray in ("generation_config.json",):
            (folder / stray).unlink(missing_ok=True)
        tokenizer = BertTokenizer(str(folder / "vocab.txt"))
        side = vision["image_size"]
        processor = BlipImageProcessorPil(size={"height": side, "width": side})
        found = {}
        for file in ("wide.png", "square.jpg", "palette.png"):
            # In the network's own size, so that nothing is resampled.
            picture = Image.open(out / "pictures" / file).convert("RGB").resize((side, side))
            file = file.split(".")[0] + ".png"
            picture.save(folder / file)
            pixels = processor(picture, return_tensors="pt")["pixel_values"]
            with torch.no_grad():
                states = model.vision_model(pixels)[0]
                ids = torch.tensor([[len(words), *tokenizer("a picture of the fox")["input_ids"][1:-1]]])
                logits = model(pixel_values=pixels, input_ids=ids).logits[0]
            sentences = []
            for beams, shortest, longest, prompt in [(1, 0, 20, ""), (1, 12, 20, ""), (3, 0, 20, ""), (4, 10, 24, "a picture of"), (2, 0, 6, "a"), (5, 3, 40, "")]:
                begin = torch.tensor([[len(words), *tokenizer(prompt)["input_ids"][1:]]])
                args = {"num_beams": beams, "min_length": shortest, "max_length": longest, "do_sample": False}
                with torch.no_grad():
                    tokens = model.generate(pixels, input_ids=begin.clone(), **args)[0].tolist()
                prompt_length = begin.shape[1] - 1
                sep = words.index("[SEP]")
                kept = [t for t in tokens[prompt_length:]]
                kept = kept[: kept.index(sep)] if sep in kept else kept
                sentences.append(
                    {"beams": beams, "shortest": shortest, "longest": longest, "prompt": prompt, "tokens": tokens[:prompt_length] + kept,
                     "text": tokenizer.decode(kept, skip_special_tokens=True)}
                )
            found[file] = {
                "states": [round(float(v), 6) for v in states.flatten()[::17]],
                "ids": ids[0].tolist(),
                "logits": [round(float(v), 5) for v in logits[-1]],
                "sentences": sentences,
            }
        cases[name] = found
        print(name, [len(s["tokens"]) for f in found.values() for s in f["sentences"]], found["wide.png"]["sentences"][3])
    texts = ["A picture of the Fox's house, in snow!", "dogs sitting", "unknownword red", "", "Ünïcode fox?"]
    spelled = [{"text": t, "ids": tokenizer(t)["input_ids"][1:-1]} for t in texts]
    joined = [[words.index(w) for w in "the fox ' s house , in the snow .".split()], [words.index(w) for w in ["do", "not", "sit", "##ing", "!", "[SEP]", "red", "##s", "?", "-"]]]
    (out / "blip.json").write_text(json.dumps({"models": cases, "encode": spelled, "decode": [{"ids": i, "text": tokenizer.decode(i, skip_special_tokens=True)} for i in joined]}) + "\n")


def faces(out):
    """A narrow YuNet with random weights, of any size and for 96x96 only, against OpenCV's own detector."""
    import cv2
    import torch
    from torch import nn

    class Unit(nn.Sequential):
        """A pointwise and a depthwise convolution."""

        def __init__(self, a, b, relu=True):
            super().__init__(nn.Conv2d(a, b, 1), nn.Conv2d(b, b, 3, padding=1, groups=b), *([nn.ReLU()] if relu else []))

    class YuNet(nn.Module):
        def __init__(self, w=8):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, w, 3, stride=2, padding=1), nn.ReLU(), Unit(w, w), nn.MaxPool2d(2), Unit(w, w), Unit(w, w))
            self.p8 = nn.Sequential(nn.MaxPool2d(2), Unit(w, w), Unit(w, w))
            self.p16 = nn.Sequential(nn.MaxPool2d(2), Unit(w, w), Unit(w, w))
            self.p32 = nn.Sequential(nn.MaxPool2d(2), Unit(w, w), Unit(w, w))
            self.necks = nn.ModuleList([Unit(w, w) for _ in range(3)])
            self.heads = nn.ModuleList([nn.ModuleList([Unit(w, n, False) for n in (1, 1, 4, 10)]) for _ in range(3)])

        def forward(self, x):
            a = self.p8(self.stem(x))
            b = self.p16(a)
            c = self.necks[2](self.p32(b))
            up = nn.functional.interpolate
            b = self.necks[1](b + up(c, scale_factor=2.0, mode="nearest"))
            a = self.necks[0](a + up(b, scale_factor=2.0, mode="nearest"))
            outputs = []
            for kind in range(4):
                for level, heads in zip((a, b, c), self.heads):
                    y = heads[kind](level)
                    y = y.permute(0, 2, 3, 1).reshape(1, -1, y.shape[1])
                    outputs.append(torch.sigmoid(y) if kind < 2 else y)
            return tuple(outputs)

    torch.manual_seed(4)
    net = YuNet().eval()
    with torch.no_grad():
        for key, p in net.named_parameters():
            if p.dim() > 1:
                p.normal_(0, 1.5 / math.sqrt(p[0].numel()))
            else:
                p.normal_(0, 0.2)
        net.stem[0].weight *= 1 / 64
        # Scores and boxes of a size that real ones have: nothing saturates, and no exponential runs away.
        for heads in net.heads:
            for last in (heads[0][1], heads[1][1]):
                last.weight *= 1e-3
        seen = torch.from_numpy(cv2.imread(str(out / "pictures" / "square.jpg")).transpose(2, 0, 1)[None].astype(np.float32))
        raw = [o if i > 5 else torch.logit(o, eps=1e-30) for i, o in enumerate(net.double()(seen.double()))]
        net.float()
        for kind, (mean, deviation) in enumerate([(1.6, 1.0), (1.6, 1.0), (0.5, 0.5), (0.0, 1.0)]):
            for level in range(3):
                last = net.heads[level][kind][1]
                scale = deviation / raw[3 * kind + level].std().item()
                last.weight *= scale
                last.bias.copy_((last.bias - raw[3 * kind + level].mean()) * scale + mean)
        for p in net.parameters():
            p.copy_((p * GRAIN * 256).round() / (GRAIN * 256))
    names = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)]
    cases = {}
    graphs = {}
    for name, axes in (("any", {"input": {2: "height", 3: "width"}}), ("fixed", None)):
        graph = out / f"yunet_{name}.onnx"
        options = {"input_names": ["input"], "output_names": names, "dynamic_axes": axes, "dynamo": False, "opset_version": 11}
        torch.onnx.export(net, (torch.rand(1, 3, 96, 96) * 255,), str(graph), **options)
        graphs[name] = graph
    shown = [(f, s) for f in ("wide.png", "small.png", "alpha.png") for s in (0.8, 0.85, 0.9)]
    for file, score in shown:
        image = cv2.imread(str(out / "pictures" / file))
        for name in graphs if max(image.shape) <= 96 else ["any"]:
            if name == "fixed":
                image = cv2.copyMakeBorder(image, 0, 96 - image.shape[0], 0, 96 - image.shape[1], cv2.BORDER_CONSTANT)
            size = (image.shape[1], image.shape[0])
            found = cv2.FaceDetectorYN.create(str(graphs["any"]), "", size, score, 0.3, 5000).detect(image)[1]
            rows = [] if found is None else [[round(float(v), 4) for v in (*row[:4], row[14])] for row in found]
            cases[f"{name} {file} {score}"] = rows
    print({key: len(rows) for key, rows in cases.items()})
    (out / "faces.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    what, out = sys.argv[1], pathlib.Path(sys.argv[2])
    if what == "keras":
        keras_models(out, sys.argv[3])
    elif what == "timm":
        timm_models(out)
    elif what == "pictures":
        pictures(out)
    elif what == "blip":
        blip(out)
    elif what == "faces":
        faces(out)
