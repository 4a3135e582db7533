"""Checks that run in onnxruntime alone: a model's FLOPs; whether it computes what the masked original does."""
import json
import math
import os
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, numpy_helper

LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def open_session(model):
    """An onnxruntime session that computes the graph as it stands, with one thread."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def find_layers(graph):
    """(node, position of its data operand) for every product with a constant; constant is what no input reaches."""
    computed = {item.name for item in graph.input} - {item.name for item in graph.initializer}
    layers = []
    for node in graph.node:
        operands = [name in computed for name in node.input]
        if any(operands):
            computed.update(node.output)
        if node.op_type in LAYERS and operands[0] != operands[1]:
            layers.append((node, 0 if operands[0] else 1))
    return layers


def values(path, names, feed):
    """What onnxruntime computes for these tensors of a model."""
    model = onnx.load(path)
    given = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer} | feed
    shown = {item.name for item in model.graph.output}
    open_names = [name for name in dict.fromkeys(names) if name not in given]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in open_names if name not in shown)
    session = save_and_open(model)
    return given | dict(zip(open_names, session.run(open_names, feed)))


def save_and_open(model):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        large = model.ByteSize() > 1 << 30
        onnx.save(model, path, save_as_external_data=large)
        return open_session(path)


def attribute(node, name, default):
    return next((item.i for item in node.attribute if item.name == name), default)


def count_flops(path, feed, samples):
    """Two per multiply-accumulate of the layers, per sample, from the shapes that onnxruntime computes."""
    layers = find_layers(onnx.load(path, load_external_data=False).graph)
    found = values(path, [name for node, _ in layers for name in (*node.input[:2], node.output[0])], feed)
    total = 0
    for node, data in layers:
        x, weight, y = (found[name].shape for name in (node.input[data], node.input[1 - data], node.output[0]))
        if node.op_type == "Conv":
            total += math.prod(y) * math.prod(weight[1:])
        elif node.op_type == "ConvTranspose":
            total += math.prod(x) * math.prod(weight[1:])
        else:
            inner = -2 if data == 1 or attribute(node, "transA", 0) else -1
            total += math.prod(y) * x[inner]
    return 2 * total // samples


def masked_results(original, channels, feed):
    """What the original yields when no product sees the channels that, by `channels.json`, are gone from its operands."""
    with open(channels) as file:
        tensors = [tensor for tensor in json.load(file)["tensors"] if tensor["kind"] == "activation"]
    model = onnx.load(original)
    masks, nodes = {}, []
    for tensor in tensors:
        mask = np.ones([1] * len(tensor["shape_before"]), np.float32)
        for axis in tensor["axes"]:
            stays = np.isin(np.arange(tensor["shape_before"][axis["axis"]]), axis["kept"])
            mask = mask * stays.reshape([-1 if index == axis["axis"] else 1 for index in range(mask.ndim)])
        masks[tensor.get("original_name", tensor["name"])] = mask
    kinds = {name: value.dtype for name, value in values(original, masks, feed).items() if name in masks}
    masked = set()
    for node in model.graph.node:
        for position, name in enumerate(node.input if node.op_type in LAYERS else ()):
            if name not in masks:
                continue
            node.input[position] = name + "/masked"
            if name not in masked:
                masked.add(name)
                model.graph.initializer.append(numpy_helper.from_array(masks[name].astype(kinds[name]), name + "/mask"))
                nodes.append(onnx.helper.make_node("Mul", [name, name + "/mask"], [name + "/masked"]))
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return save_and_open(model).run([item.name for item in model.graph.output], feed)


def find_touched(original, pruned, channels):
    """What a pruning has changed beyond what it tells: tensors of numbers, names of layers, opsets, metadata.

    Integers are shapes, and a constant that the file computes may be stored as what comes out: neither counts.
    """
    with open(channels) as file:
        told = {tensor["name"] for tensor in json.load(file)["tensors"]}
    before, after = (onnx.load(path) for path in (original, pruned))
    stored = {item.name: item for item in after.graph.initializer}
    touched = []
    for item in before.graph.initializer:
        if item.name not in told and item.name in stored and item.data_type not in (TensorProto.INT64, TensorProto.INT32):
            if numpy_helper.to_array(item).tobytes() != numpy_helper.to_array(stored[item.name]).tobytes():
                touched.append(item.name)
    ends = [
        [[item.name for item in items if item.name not in stored] for items in (model.graph.input, model.graph.output)]
        for model, stored in ((before, {item.name for item in before.graph.initializer}), (after, stored))]
    touched += [] if ends[0] == ends[1] else ["inputs or outputs"]
    names = {node.name for node in after.graph.node}
    touched += [f"node {node.name}" for node, _ in find_layers(before.graph) if node.name not in names]
    for model in before, after:
        model.ClearField("graph")
    return touched + (["the model around the graph"] if before.SerializeToString() != after.SerializeToString() else [])


class MaskedOriginal:
    """The original with the weights zeroed through which removed channels reach the layers behind.

    Which weights these are is found by experiment: what `ratios.json` removes is perturbed, layer after layer, and input
    channels that then change are the removed ones. So a removal that is not exact shows: its perturbation reaches an output.
    """

    def __init__(self, path, removed, feed):
        """removed: by layer name the output channels that go."""
        model = onnx.load(path)
        self.feed, self.layers = feed, find_layers(model.graph)
        constants = values(path, [node.input[1 - data] for node, data in self.layers], feed)
        self.outputs = [item.name for item in model.graph.output]
        positions = {node.output[0]: index for index, node in enumerate(model.graph.node)}
        self.weights, self.removed = {}, []
        for number, (node, data) in enumerate(self.layers):
            name = f"weight of layer {number}"  # its own for every layer, so that shared weights part
            self.weights[name] = constants[node.input[1 - data]].copy()
            kind = onnx.helper.np_dtype_to_tensor_dtype(self.weights[name].dtype)
            model.graph.node[positions[node.output[0]]].input[1 - data] = name
            model.graph.input.append(onnx.helper.make_tensor_value_info(name, kind, self.weights[name].shape))
            self.removed.append(sorted(removed.get(node.name, [])))
        shown = {item.name for item in model.graph.output} | set(feed)
        wanted = dict.fromkeys(name for node, data in self.layers for name in (node.input[data], node.output[0]))
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted if name not in shown)
        self.session = save_and_open(model)
        names = [item.name for item in self.session.get_outputs()]
        self.values = dict(zip(names, self.session.run(names, {**feed, **self.weights}))) | feed
        self.inputs_lost = [self.mask(number) for number in range(len(self.layers))]

    def results(self):
        """The outputs of the masked original."""
        return self.session.run(self.outputs, {**self.feed, **self.weights})

    def leak(self):
        """How far perturbing what is removed moves the outputs, relative to the largest value of each; 0 when exact."""
        expected = self.results()
        return max(
            relative(one, other)
            for trial in range(4)
            for one, other in zip(self.session.run(self.outputs, self.perturbed(len(self.layers), trial)), expected))

    def flops(self, samples):
        """FLOPs per sample of what the layers keep; fewer than promised when more channels changed than go."""
        total = 0
        for number, ((node, data), removed, lost) in enumerate(zip(self.layers, self.removed, self.inputs_lost)):
            x, y = self.values[node.input[data]], self.values[node.output[0]]
            convolution = "Conv" in node.op_type
            axis = 1 if convolution or data == 1 else y.ndim - 1
            kept = y.shape[axis] - len(removed)
            groups = attribute(node, "group", 1) if convolution else 1
            inner = x.shape[1] if convolution else x.shape[-2 if data == 1 or attribute(node, "transA", 0) else -1]
            taken = 1 if 1 < groups == inner else (inner - len(lost)) / groups
            applied = x if node.op_type == "ConvTranspose" else y
            places = applied.size / applied.shape[axis]
            kernel = self.weights[f"weight of layer {number}"].shape[2:] if convolution else ()
            total += places * math.prod(kernel) * kept * taken
        return round(2 * total / samples)

    def mask(self, number):
        """Zeroes one layer's weights for the input channels that what is removed in front of it reaches; gives them."""
        node, data = self.layers[number]
        name, weight = node.input[data], self.weights[f"weight of layer {number}"]
        convolution = "Conv" in node.op_type
        transposed = node.op_type == "Gemm" and attribute(node, "transA", 0)
        rank = self.values[name].ndim
        axis = 1 if convolution else rank - 2 if data == 1 or transposed else rank - 1
        extent, groups = self.values[name].shape[axis], attribute(node, "group", 1) if convolution else 1
        if name in self.feed or not any(self.removed[:number]):
            return []
        expected = self.session.run([name], {**self.feed, **self.weights})[0]
        changed = set()
        for trial in range(4):
            difference = np.abs(self.session.run([name], self.perturbed(number, trial))[0] - expected)
            per_channel = np.moveaxis(difference, axis, 0).reshape(extent, -1).max(1)
            changed.update(np.nonzero(per_channel > 1e-5 * (np.abs(expected).max() + 1e-12))[0].tolist())
        if 1 < groups == extent:
            return sorted(changed)  # depthwise: passes its channels on, and its own are removed with them
        for channel in sorted(changed):
            if node.op_type == "Conv":
                filters = len(weight) // groups
                group, inner = divmod(channel, extent // groups)
                weight[group * filters : (group + 1) * filters, inner] = 0
            elif node.op_type == "ConvTranspose":
                weight[channel] = 0
            else:
                np.moveaxis(weight, 1 - self.output_axis(number), 0)[channel] = 0
        return sorted(changed)

    def output_axis(self, number):
        """The axis of a layer's weight along which its output channels lie."""
        node, data = self.layers[number]
        if node.op_type == "Conv" or data == 1:
            return 0
        return 0 if node.op_type == "Gemm" and attribute(node, "transB", 0) else 1

    def perturbed(self, end, trial):
        """Weights with noise on the removed channels of the layers in front of one; trials come in pairs of either sign."""
        random, sign = np.random.default_rng(trial // 2), 1 - 2 * (trial % 2)
        changed = {**self.feed, **self.weights}
        for number in range(end):
            if not self.removed[number]:
                continue
            weight = self.weights[f"weight of layer {number}"]
            node, _ = self.layers[number]
            noise = sign * (4 * np.abs(weight).mean() + 1e-3) * random.standard_normal(weight.shape)
            mask = np.zeros(weight.shape, bool)
            if node.op_type == "ConvTranspose" and attribute(node, "group", 1) > 1:
                inputs = len(weight) // attribute(node, "group", 1)
                for channel in self.removed[number]:
                    group, inner = divmod(channel, weight.shape[1])
                    mask[group * inputs : (group + 1) * inputs, inner] = True
            else:
                axis = 1 if node.op_type == "ConvTranspose" else self.output_axis(number)
                np.moveaxis(mask, axis, 0)[self.removed[number]] = True
            changed[f"weight of layer {number}"] = (weight + noise * mask).astype(weight.dtype)
        return changed


def relative(result, expected, *others):
    """The largest difference, relative to the largest expected value, or that of other arrays where it is larger."""
    if result.shape != expected.shape:
        return math.inf
    difference = np.abs(result.astype(np.float64) - expected)
    largest = max(float(np.abs(array).max(initial=0)) for array in (expected, *others))
    return float(difference.max(initial=0) / (largest + 1e-12))
