"""Small networks, each with one way that channels flow or are kept from flowing, for zoo.py."""
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional


def conv(inputs, outputs, kernel=3, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)


class Pooled(nn.Module):
    """Layers by name, a function of them and an image with 32 channels, averaged over space into 10 classes."""

    def __init__(self, flow, **layers):
        super().__init__()
        self.flow, self.layers, self.head = flow, nn.ModuleDict(layers), nn.Linear(32, 10)

    def forward(self, x):
        return self.head(torch.relu(self.flow(x, **self.layers)).mean((2, 3)))


class Tokens(nn.Module):
    """Patches as tokens, a function of them, averaged over the tokens into 10 classes; no LayerNorm."""

    def __init__(self, flow, **layers):
        super().__init__()
        self.stem, self.flow, self.layers, self.head = conv(3, 32, 4, 8), flow, nn.ModuleDict(layers), nn.Linear(32, 10)
        self.token = nn.Parameter(torch.randn(1, 1, 32))

    def forward(self, x):
        return self.head(self.flow(self.stem(x).flatten(2).transpose(1, 2), self.token, **self.layers).mean(1))


def attention(x, stem, q, k, v, project):
    x = torch.relu(stem(x))
    values = v(x)
    weights = torch.softmax(q(x).flatten(2).transpose(1, 2) @ k(x).flatten(2) / 4, -1)
    return x + project((values.flatten(2) @ weights.transpose(1, 2)).reshape(values.shape))


def heads(x, token, qkv, project, up, down):
    q, k, v = qkv(x).reshape(x.shape[0], x.shape[1], 3, 4, 8).permute(2, 0, 3, 1, 4)
    mixed = (torch.softmax(q @ k.transpose(-1, -2) / 3, -1) @ v).transpose(1, 2)
    x = x + project(mixed.reshape(x.shape[0], x.shape[1], 32))
    return x + down(functional.gelu(up(x)))


def class_token(x, token, up, down):
    x = torch.cat([token.expand(x.shape[0], -1, -1), x], 1)
    return x + down(functional.gelu(up(x)))


def gates(x, a, b, squeeze, excite, c):
    x = torch.relu(b(torch.relu(a(x))))
    gate = torch.sigmoid(excite(torch.relu(squeeze(x.mean((2, 3))))))
    return c(x * gate[:, :, None, None] * torch.sigmoid(x.mean(1, keepdim=True)))


def maxout_glu(x, a, b, c):
    one, other = a(x).chunk(2, 1)
    return c(functional.glu(b(torch.maximum(one, other)), 1))


def two_levels(x, a, b, inner, outer):
    fine = torch.relu(a(x))
    levels = [outer(torch.relu(inner(level))) for level in (fine, torch.relu(b(fine)))]
    return functional.max_pool2d(levels[0], 2) + levels[1]


def padded_shortcut(x, a, b, c):
    x = torch.relu(a(x))
    x = torch.relu(b(x) + functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8)))
    return c(functional.interpolate(x, scale_factor=2))


def group_norm(x, a, m, b, n):
    return n(b(torch.relu(m(a(x)))))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.lstm, self.head = conv(3, 32, 3, 2), conv(32, 24, 3, 2), nn.LSTM(24, 16), nn.Linear(16, 10)

    def forward(self, x):
        x = torch.relu(self.b(torch.relu(self.a(x)))).mean(2).permute(2, 0, 1)
        return self.head(self.lstm(x)[0][-1])


class Volume(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.a, self.b, self.head = kind(3 if kind is nn.Conv1d else 1, 32, 3, 2, 1), kind(32, 32, 3, 2, 1), nn.Linear(32, 10)

    def forward(self, x):
        x = x.flatten(2) if self.kind is nn.Conv1d else x.unsqueeze(1)
        return self.head(torch.relu(self.b(torch.relu(self.a(x)))).flatten(2).mean(2))


NETWORKS = {
    "pixel_shuffle": lambda: Pooled(
        lambda x, a, b, c: c(torch.relu(b(functional.pixel_shuffle(a(x), 2)))), a=conv(3, 64), b=conv(16, 32), c=conv(32, 32)),
    "pixel_unshuffle": lambda: Pooled(
        lambda x, a, b, c: c(torch.relu(b(functional.pixel_unshuffle(a(x), 2)))), a=conv(3, 16), b=conv(64, 32), c=conv(32, 32)),
    "concat_self": lambda: Pooled(
        lambda x, a, b: b(torch.relu(torch.cat([a(x)] * 2, 1))), a=conv(3, 24), b=conv(48, 32)),
    "grouped_transpose": lambda: Pooled(
        lambda x, a, t, d, b: b(torch.relu(d(torch.relu(t(torch.relu(a(x))))))), a=conv(3, 32), b=conv(64, 32),
        t=nn.ConvTranspose2d(32, 64, 2, 2, groups=4), d=nn.ConvTranspose2d(64, 64, 3, 1, 1, groups=64)),
    "attention": lambda: Pooled(
        attention, stem=conv(3, 32, 3, 4), q=conv(32, 16, 1), k=conv(32, 16, 1), v=conv(32, 48, 1), project=conv(48, 32, 1)),
    "heads": lambda: Tokens(
        heads, qkv=nn.Linear(32, 96), project=nn.Linear(32, 32), up=nn.Linear(32, 64), down=nn.Linear(64, 32)),
    "class_token": lambda: Tokens(class_token, up=nn.Linear(32, 64), down=nn.Linear(64, 32)),
    "gates": lambda: Pooled(
        gates, a=conv(3, 32), b=conv(32, 48), squeeze=nn.Linear(48, 12), excite=nn.Linear(12, 48), c=conv(48, 32)),
    "maxout_glu": lambda: Pooled(maxout_glu, a=conv(3, 64), b=conv(32, 64), c=conv(32, 32)),
    "shared_head": lambda: Pooled(two_levels, a=conv(3, 32), b=conv(32, 32, 3, 2), inner=conv(32, 24), outer=conv(24, 32)),
    "padded_shortcut": lambda: Pooled(padded_shortcut, a=conv(3, 16), b=conv(16, 32, 3, 2), c=conv(32, 32)),
    "group_norm": lambda: Pooled(
        group_norm, a=conv(3, 32), m=nn.GroupNorm(8, 32), b=conv(32, 32), n=nn.GroupNorm(4, 32)),
    "lstm": Recurrent,
    "conv1d": lambda: Volume(nn.Conv1d),
    "conv3d": lambda: Volume(nn.Conv3d),
}


def graphs():
    """Models that no exporter would write the same way: one or two convolutions, the case between, a convolution, classes."""
    random = np.random.default_rng(0)

    def weight(name, *extents):
        scale = (2 / np.prod(extents[1:] or (1,))) ** 0.5
        return numpy_helper.from_array((random.standard_normal(extents) * scale).astype(np.float32), name)

    def constant(name, value, kind):
        return numpy_helper.from_array(np.array(value, kind), name)

    def model(nodes, initializers, opset=17, inputs=(("x", 3),)):
        tail = [
            helper.make_node("Conv", ["middle", "wl", "bl"], ["l"], name="last", pads=[1] * 4),
            helper.make_node("GlobalAveragePool", ["l"], ["p"]), helper.make_node("Flatten", ["p"], ["f"]),
            helper.make_node("Gemm", ["f", "wh"], ["y"], name="head")]
        graph = helper.make_graph(
            nodes + tail, "case",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", extent, 16, 16]) for name, extent in inputs],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])],
            initializers + [weight("wl", 24, 16, 3, 3), weight("bl", 24), weight("wh", 24, 10)])
        result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
        onnx.checker.check_model(result, full_check=True)
        return result

    def first(weight_name="w", output="a", data="x"):
        return helper.make_node("Conv", [data, weight_name, "b"], [output], name="first" + data, pads=[1] * 4)

    def branch(op):
        node = helper.make_node(op, ["a"], ["z"], name="in_" + op)
        return helper.make_graph([node], op, [], [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)])

    def conditional(condition):
        return helper.make_node(
            "If", [condition], ["middle"], name="branch", then_branch=branch("Relu"), else_branch=branch("Sigmoid"))

    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Relu", ["v"], ["u"])], "body",
        [helper.make_tensor_value_info(name, kind, extents) for name, kind, extents in (
            ("i", TensorProto.INT64, []), ("go", TensorProto.BOOL, []), ("v", TensorProto.FLOAT, None))],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), helper.make_tensor_value_info("u", TensorProto.FLOAT, None)])
    own = [weight("w", 16, 3, 3, 3), weight("b", 16)]
    norm = [weight("s", 16), weight("o", 16)]
    true = constant("t", True, bool)
    return {
        "if_of_data": model([
            first(), helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
            helper.make_node("Greater", ["s", "zero"], ["c"]), conditional("c")], own + [constant("zero", 0, np.float32)]),
        "if_of_constant": model([first(), conditional("t")], own + [true]),
        "if_of_shape": model([
            first(), helper.make_node("Shape", ["x"], ["e"]), helper.make_node("Gather", ["e", "two"], ["d"]),
            helper.make_node("Equal", ["d", "size"], ["c"]), conditional("c")],
            own + [constant("two", 2, np.int64), constant("size", 16, np.int64)]),
        "loop": model(
            [first(), helper.make_node("Loop", ["n", "t", "a"], ["middle"], name="rounds", body=body)],
            own + [true, constant("n", 3, np.int64)]),
        "two_inputs": model([
            first("v", "a"), first("u", "c", "z"), helper.make_node("Concat", ["a", "c"], ["middle"], axis=1)],
            [weight("v", 8, 3, 3, 3), weight("u", 8, 1, 3, 3), weight("b", 8)], inputs=(("x", 3), ("z", 1))),
        "native_group_norm": model(
            [first(), helper.make_node("GroupNormalization", ["a", "s", "o"], ["middle"], num_groups=4)], own + norm, 21),
        "native_group_norm_of_one": model(
            [first(), helper.make_node("GroupNormalization", ["a", "s", "o"], ["middle"], num_groups=16)], own + norm, 21),
        "gather_twice": model(
            [first(), helper.make_node("Gather", ["a", "at"], ["middle"], axis=1)],
            own + [constant("at", random.integers(0, 16, 16), np.int64)]),
        "int8_weight": model([
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"], axis=0), first(output="middle")], [
                constant("q", random.integers(-127, 128, (16, 3, 3, 3)), np.int8), constant("z", [0] * 16, np.int8),
                constant("s", random.uniform(0.001, 0.01, 16), np.float32), weight("b", 16)]),
        "computed_weight": model(
            [helper.make_node("Mul", ["v", "g"], ["w"]), first(output="middle")],
            [weight("v", 16, 3, 3, 3), weight("g", 16, 1, 1, 1), weight("b", 16)]),
        "transposed_weight": model(
            [helper.make_node("Transpose", ["v"], ["w"], perm=[3, 2, 0, 1]), first(output="middle")],
            [weight("v", 3, 3, 3, 16), weight("b", 16)]),
    }
