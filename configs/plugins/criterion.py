"""A criterion for prune-cluster: how strong a channel's filter is, times how much the channel says.

The norm of a channel's weights times the mean magnitude of its activations, as Wanda prunes single weights (Sun et al.,
arXiv:2306.11695). Needs Python 3.8 and nothing else. What it reads and writes: docs/plugins.md.
"""

import array
import ast
import json
import math
import os
import sys


def read_array(path):
    """The shape of a .npy file, and its elements row by row."""
    with open(path, "rb") as file:
        file.read(8)  # b"\x93NUMPY" and the version of the format, 1.0
        length = int.from_bytes(file.read(2), "little")
        header = ast.literal_eval(file.read(length).decode("latin-1"))
        elements = array.array({"<f4": "f", "<f8": "d"}[header["descr"]])
        elements.frombytes(file.read())
    return header["shape"], elements


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    if (request["protocol"], request["version"]) != ("prune-cluster-criterion", 1):
        sys.exit("this is no request that I know")

    # The mean magnitude of every channel over all samples: a row counts by its samples.
    samples = request["rows"]["samples"]
    (_, channels), rows = read_array(os.path.join(folder, request["activations"]["mean_magnitude"]))
    magnitude = [
        sum(count * rows[row * channels + channel] for row, count in enumerate(samples)) / sum(samples)
        for channel in range(channels)
    ]

    strength = []  # by layer and output channel
    for layer in request["layers"]:
        (outputs, *_), weights = read_array(os.path.join(folder, layer["weight"]["file"]))
        length = len(weights) // outputs
        norms = [math.sqrt(sum(w * w for w in weights[i * length:(i + 1) * length])) for i in range(outputs)]
        first = layer["first_channel"]
        strength.append([norm * magnitude[first + i] for i, norm in enumerate(norms)])

    # A unit is made by one channel or more of each layer in "made_by": they all go with it.
    groups = []
    for group in request["groups"]:
        if group["prunable"]:
            scores = [
                sum(strength[maker["layer"]][channel] for maker in group["made_by"] for channel in maker["channels"][unit])
                for unit in range(group["units"])
            ]
            groups.append({"group": group["group"], "scores": scores})

    print(f"{len(groups)} groups scored")
    answer = {"protocol": request["protocol"], "version": 1, "unit": "score", "groups": groups}
    with open(os.path.join(folder, "answer.json"), "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
