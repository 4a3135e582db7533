import Foundation
import Networks
import Testing

@testable import ONNX

struct HostileFileTests {
  /// Tries to import bytes; anything but a network or an `ONNXError` ends the test process.
  private func survives(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try ONNXModel(files: ModelFiles(model: bytes, path: "damaged.onnx")).network(batchSize: 1)
      return true
    } catch {
      return false
    }
  }

  private func sound(_ name: String) throws -> [UInt8] {
    let root = try #require(reference)
    return try [UInt8](Data(contentsOf: root.appendingPathComponent(name)))
  }

  @Test(.enabled(if: reference != nil), .timeLimit(.minutes(30)))
  func `no prefix of a model file traps or passes`() throws {
    let bytes = try sound("models/vgg_small/vgg_small.folded.onnx")
    let step = max(bytes.count / 300, 1)
    for count in Array(stride(from: 0, to: bytes.count, by: step)) + Array((bytes.count - 200)..<bytes.count) {
      // The last fields are the opset and the input: without them nothing is left to pass by chance.
      #expect(!survives(Array(bytes[..<count])), "prefix of \(count)")
    }
  }

  @Test(
    .enabled(if: reference != nil), .timeLimit(.minutes(30)),
    arguments: ["models/vgg_small/vgg_small.folded.onnx", "models/mobilenetv2_small/mobilenetv2_small.bn.onnx"])
  func `no damaged byte of a model file traps`(_ name: String) throws {
    let seed = UInt64(20_261_121)
    print("damaged bytes: seed \(seed)")
    var random = SeededGenerator(state: seed)
    let bytes = try sound(name)
    // Weights are most of a file, and damage there only changes numbers: half of the places are drawn outside long
    // runs of data, which are where bytes of text are near.
    let structural = bytes.indices.filter { index in
      index < 4000 || bytes[max(0, index - 8)...index].allSatisfy { $0 < 0x80 }
    }
    var passed = 0
    for trial in 0..<2000 {
      var damaged = bytes
      let place =
        trial % 2 == 0
        ? structural[Int(random.next() % UInt64(structural.count))] : Int(random.next() % UInt64(bytes.count))
      damaged[place] ^= UInt8(truncatingIfNeeded: random.next() | 1)
      if survives(damaged) { passed += 1 }
    }
    print("\(passed) of 2000 damaged files still import")
  }

  @Test(arguments: [[1 << 40], [1 << 20, 1 << 20], [Int64.max, Int64.max], [-1], [1 << 28, 2]])
  func `a huge folded constant is refused before it is allocated`(_ extents: [Int64]) throws {
    for opType in ["ConstantOfShape", "Expand", "Tile"] {
      var builder = ModelBuilder()
      builder.integers("extents", extents)
      builder.floats("one", dims: extents.map { _ in 1 })
      builder.node(opType, opType == "ConstantOfShape" ? ["extents"] : ["one", "extents"], ["big"], name: "grow")
      builder.node("Add", ["x", "big"], ["y"])
      let error = try builder.error()
      #expect(error.place == "node 'grow' (\(opType))", "\(error)")
    }
  }

  @Test func `a tensor with a hundred thousand axes is refused, not worked on`() throws {
    var builder = ModelBuilder()
    builder.floats("w", dims: [Int64](repeating: 1, count: 100_000))
    builder.node("Add", ["x", "w"], ["y"])
    #expect(try builder.error().place == "initializer 'w'")
    var unsqueeze = ModelBuilder(opset: 11)
    unsqueeze.node("Unsqueeze", ["x"], ["y"], name: "odd", [.ints("axes", Array(0..<100_000))])
    #expect(try unsqueeze.error().place == "node 'odd' (Unsqueeze)")
  }

  @Test func `many constants that are huge together are refused`() throws {
    var builder = NetworkBuilder(names: [])
    for _ in 0..<4 { _ = try builder.reserve([1 << 26]) }
    let problem = try #require(throws: ImportProblem.self) { _ = try builder.reserve([1]) }
    #expect(problem.kind == .unsupported)
    #expect(problem.text.contains("268435456 elements are folded already"))
  }

  @Test(arguments: [
    ("Pad", [.ints("pads", [0, 0, 0, 0, 0, 0, .max, .max])] as [Onnx_AttributeProto]),
    ("Pad", [.ints("pads", [0, 0, 1 << 40, 0, 0, 0, 0, 0])]),
    ("Slice", [.ints("starts", [.min]), .ints("ends", [.min])]),
    ("MaxPool", [.ints("kernel_shape", [.max, .max])]),
    ("MaxPool", [.ints("kernel_shape", [2, 2]), .ints("strides", [0, 1])]),
    ("MaxPool", [.ints("kernel_shape", [2, 2]), .ints("dilations", [.max, .max])]),
    ("MaxPool", [.ints("kernel_shape", [2, 2]), .ints("pads", [.max, 0, .max, 0])]),
    ("AveragePool", [.ints("kernel_shape", [2, 2]), .ints("pads", [0, 0, .min, 0])]),
    ("MaxPool", [.ints("kernel_shape", [])]), ("MaxPool", []), ("MaxPool", [.int("kernel_shape", 2)]),
    ("Transpose", [.ints("perm", [0, 0, 1, 2])]), ("Softmax", [.int("axis", .min)]), ("Flatten", [.int("axis", 9)]),
    ("Squeeze", [.ints("axes", [.max])]), ("Unsqueeze", [.ints("axes", [0, 0])]), ("LRN", [.int("size", -1)]),
    ("Split", [.ints("split", [.max, .max])]), ("Concat", []), ("ReduceMean", [.ints("axes", [.min])]),
    ("Cast", [.int("to", .max)]), ("Gemm", []), ("Conv", []), ("BatchNormalization", []), ("MatMul", []),
    ("ConvTranspose", []), ("Upsample", []), ("Upsample", [.floats("scales", [1, 1, .nan, 2])]),
    ("Upsample", [.floats("scales", [1, 1, .infinity, 2])]), ("Upsample", [.floats("scales", [1, 1, 1e9, 1e9])]),
    ("Upsample", [.floats("scales", [1, 1, 1e-9, 2])]), ("Upsample", [.floats("scales", [-1, 1, 1, 1])]),
    ("DepthToSpace", [.int("blocksize", .max)]), ("SpaceToDepth", [.int("blocksize", 0)]), ("Gather", []),
    ("ReduceL1", [.ints("axes", [0, 0])]), ("PRelu", []), ("Where", []), ("Expand", []), ("InstanceNormalization", []),
    ("Einsum", []), ("Celu", [.float("alpha", 0)]), ("Tile", []), ("CumSum", []),
  ])
  func `attributes out of range are an error at their node`(_ opType: String, _ attributes: [Onnx_AttributeProto])
    throws
  {
    var builder = ModelBuilder(opset: 9)
    builder.node(opType, ["x"], ["y"], name: "odd", attributes)
    let error = try builder.error()
    #expect(error.place == "node 'odd' (\(opType))", "\(error)")
  }
}

extension Onnx_AttributeProto: CustomTestStringConvertible {
  /// The attribute, without its value.
  public var testDescription: String { name }
}

/// SplitMix64: the same sequence for a seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
