"""What a model of the zoo is pruned with: random samples and a config."""
import json
import os
import shutil

import numpy as np

from zoo_check import open_session

SAMPLES, RATIO = 16, 2.0


def describe(directory, name, model, ratio=RATIO, extents=None):
    """Puts a model's samples and config beside it: agreement as loss where the first output has classes, else mse to 0."""
    folder = os.path.join(directory, name)
    os.makedirs(folder, exist_ok=True)
    if os.path.abspath(model) != os.path.abspath(os.path.join(folder, "model.onnx")):
        shutil.copyfile(model, os.path.join(folder, "model.onnx"))
        if os.path.exists(model + ".data"):
            shutil.copyfile(model + ".data", os.path.join(folder, "model.onnx.data"))
    session = open_session(os.path.join(folder, "model.onnx"))
    random, files, feed = np.random.default_rng(7), {}, {}
    for number, item in enumerate(session.get_inputs()):
        shape = list(item.shape)
        if number == 0 and extents and any(not isinstance(extent, int) for extent in shape):
            shape = list(extents)
        elif shape and not isinstance(shape[0], int):
            shape[0] = SAMPLES
        shape = [extent if isinstance(extent, int) else SAMPLES for extent in shape]
        count = [SAMPLES] + shape[1:] if shape else [SAMPLES]
        kind = {"int32": np.int32, "int64": np.int64, "float16": np.float16}.get(item.type[7:-1], np.float32)
        if issubclass(kind, np.integer):
            values = random.integers(0, 256, count).astype(kind) if shape else np.full(count, 16000, kind)
        else:
            values = random.standard_normal(count, np.float32).astype(kind)
        files[item.name] = f"inputs{number}.npy"
        np.save(os.path.join(folder, files[item.name]), values)
        feed[item.name] = values[: shape[0]] if shape else np.asarray(values[0])
    output = session.run(None, feed)[0]
    config = {
        "model": "model.onnx",
        "calibration": {"inputs": files if len(files) > 1 else list(files.values())[0], "batch_size": 8},
        "loss": {"kind": "agreement"},
        "target": {"compression_ratio": ratio, "metric": "flops"},
        "output": {"directory": "out"},
    }
    if output.ndim < 2 or output.shape[1] < 2:
        np.save(os.path.join(folder, "labels.npy"), np.zeros((SAMPLES,) + output.shape[1:], np.float32))
        config["calibration"]["labels"] = "labels.npy"
        config["loss"] = {"kind": "mse"}
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=2)
    finite = "" if np.isfinite(output).all() else ", NOT FINITE"
    print(f"{name}: output {list(output.shape)}, spread {output.std():.3g}{finite}", flush=True)
