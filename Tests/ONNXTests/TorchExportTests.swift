import Execution
import Foundation
import Networks
import ProgramRuns
import Testing

@testable import ONNX

/// Small vision transformers of torchvision, exported by PyTorch: needs a Python with torch, torchvision and onnxruntime.
struct TorchExportTests {
  static let python: String? = {
    guard let python = PythonPeer.python else { return nil }
    let hasTorch = (try? run(python, ["-c", "import torch, torchvision, onnxruntime"])) == 0
    if !hasTorch { print("\(python) has no torch, torchvision and onnxruntime: no exports are tried") }
    return hasTorch ? python : nil
  }()

  @Test(
    .enabled(if: python != nil), .timeLimit(.minutes(30)),
    arguments: ["vit", "convnext", "swin", "swin_v2", "maxvit"], [true, false])
  func `an exported transformer imports and computes what onnxruntime computes`(_ name: String, isOpen: Bool) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-export-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let status = try Self.run(
      try #require(Self.python), ["-c", Self.script, name, isOpen ? "open" : "fixed", folder.path])
    try #require(status == 0)
    let run = try JSONDecoder().decode(Run.self, from: Data(contentsOf: folder.appendingPathComponent("run.json")))
    let model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx").path)
    #expect(model.fixedBatch == (isOpen ? nil : 2))
    let network = try model.network(batchSize: 2)
    #expect(network.result == [2, 10])
    // The request is refused where samples cannot be told apart.
    let executor = try ReferenceExecutor(ExecutionRequest(network: network, loss: .crossEntropy, observed: []))
    let batch = Batch(inputs: [run.x], targets: .classes([3, 7]), sampleCount: 2)
    let found = try executor.evaluate(batch, inputs: [run.x.map(Double.init)]).output
    // Logits of size 1 after some hundred layers in float32.
    for (one, other) in zip(found, run.y) { #expect(abs(one - other) < 1e-5) }
    #expect(network.nodes.contains { $0.operation == .unary(.gelu(isApproximate: false)) })
  }

  private struct Run: Decodable {
    let x: [Float]
    let y: [Double]
  }

  private static func run(_ python: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Exports one model of random weights, and what onnxruntime computes with it.
  private static let script = """
    import json, sys, warnings
    import onnxruntime, torch, torchvision
    from torchvision.models.convnext import CNBlockConfig
    from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(3)
    name, batch, folder = sys.argv[1:]
    models = torchvision.models
    swin = dict(patch_size=[4, 4], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], num_classes=10)
    size = {"vit": 32, "swin": 48, "swin_v2": 48}.get(name, 64)
    if name == "vit":
        model = models.VisionTransformer(
            image_size=32, patch_size=8, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=64, num_classes=10)
    elif name == "convnext":
        model = models.ConvNeXt(
            [CNBlockConfig(16, 32, 2), CNBlockConfig(32, 48, 1), CNBlockConfig(48, None, 1)], num_classes=10)
    elif name == "swin":
        model = models.SwinTransformer(**swin)
    elif name == "swin_v2":
        model = models.SwinTransformer(block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2, **swin)
    else:
        model = models.MaxVit(
            input_size=(64, 64), stem_channels=16, partition_size=4, block_channels=[16, 32], block_layers=[1, 1],
            head_dim=8, stochastic_depth_prob=0.0, num_classes=10)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        model.train()
        model(torch.randn(8, 3, size, size))
    model.eval()
    x = torch.randn(2, 3, size, size)
    axes = {"input": {0: "batch"}, "logits": {0: "batch"}} if batch == "open" else None
    torch.onnx.export(
        model, x, folder + "/model.onnx", opset_version=17, dynamo=False, input_names=["input"],
        output_names=["logits"], dynamic_axes=axes)
    y = onnxruntime.InferenceSession(folder + "/model.onnx").run(None, {"input": x.numpy()})[0]
    json.dump({"x": x.numpy().ravel().tolist(), "y": y.ravel().tolist()}, open(folder + "/run.json", "w"))
    """
}
