public import Channels
import Networks

/// Everything but its kept widths that a layer's time depends on: layers of one shape take the same time.
///
/// Whether a linear layer stores its weight turned or scaled does not count, nor does an activation that runs with a layer.
public struct LayerShape: Hashable, Sendable {
  /// What the layer does.
  public enum Kind: String, CaseIterable, Sendable {
    /// A convolution.
    case convolution = "Conv"
    /// A transposed convolution.
    case transposedConvolution = "ConvTranspose"
    /// A linear layer, whatever its ONNX op type.
    case linear = "Linear"
  }

  /// What the layer does.
  public let kind: Kind
  /// Kernel extents; this and the other lists per axis of space are empty for a linear layer.
  public let kernel: [Int]
  /// Steps.
  public let strides: [Int]
  /// Distances between kernel elements.
  public let dilations: [Int]
  /// Zeros in front, then zeros behind.
  public let pads: [Int]
  /// Convolution groups; 1 for a linear layer.
  public let groups: Int
  /// The operand's extents of space.
  public let inputExtents: [Int]
  /// The result's extents of space.
  public let outputExtents: [Int]
  /// What the layer runs on for one sample: rows of a linear layer; images of a convolution, 1 but where a Reshape counts
  /// others among the samples.
  public let repetitions: Int
  /// Input channels of the whole layer, unpruned.
  public let inputs: Int
  /// Output channels, unpruned.
  public let outputs: Int
  /// Whether a bias is added.
  public let hasBias: Bool

  /// Whether each input channel makes outputs of its own. Its widths are then those of the outputs alone, the inputs being
  /// counted as 1.
  public var isDepthwise: Bool { groups > 1 && groups == inputs }
}

extension LayerShape {
  /// The shape of a layer.
  public init(_ layer: Layer) {
    var geometry: Convolution?
    switch layer.operation {
    case .convolution(let convolution): (kind, geometry) = (.convolution, convolution)
    case .convolutionTranspose(let convolution): (kind, geometry) = (.transposedConvolution, convolution)
    default: kind = .linear
    }
    kernel = geometry?.kernel ?? []
    strides = geometry?.strides ?? []
    dilations = geometry?.dilations ?? []
    pads = geometry.map { $0.padsBegin + $0.padsEnd } ?? []
    groups = geometry?.groups ?? 1
    inputExtents = layer.inputExtents
    outputExtents = layer.outputExtents
    let applied = (kind == .transposedConvolution ? inputExtents : outputExtents).reduce(1, *)
    repetitions = max(layer.positions / max(applied, 1), 1)
    (inputs, outputs) = (layer.inputs, layer.outputs)
    hasBias = layer.hasBias
  }

  /// Multiply-accumulates per sample at given widths.
  func macs(inputs: Int, outputs: Int) -> Double {
    let positions = (kind == .transposedConvolution ? inputExtents : outputExtents).reduce(repetitions, *)
    let pairs = Double(inputs) * Double(outputs) / Double(isDepthwise ? 1 : groups)
    return pairs * Double(positions) * Double(kernel.reduce(1, *))
  }
}

extension LayerShape: Comparable {
  /// The order of a table's entries: convolutions first, then by extents and widths.
  public static func < (left: LayerShape, right: LayerShape) -> Bool {
    left.numbers.lexicographicallyPrecedes(right.numbers)
  }

  private var numbers: [Int] {
    let first = [Kind.allCases.firstIndex(of: kind) ?? 0, kernel.count]
    return first + inputExtents + outputExtents + [repetitions, inputs, outputs, groups] + kernel + strides + dilations
      + pads + [hasBias ? 1 : 0]
  }
}

extension LayerShape: CustomStringConvertible {
  /// In one line: `Conv 3×3, stride 2, 64 → 128 channels on 56×56`.
  public var description: String {
    func extents(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: "×") }
    var text = kind.rawValue
    if !kernel.isEmpty { text += " " + extents(kernel) }
    if strides.contains(where: { $0 != 1 }) { text += ", stride " + extents(strides) }
    if dilations.contains(where: { $0 != 1 }) { text += ", dilation " + extents(dilations) }
    if groups > 1 { text += isDepthwise ? ", depthwise" : ", \(groups) groups" }
    text += ", \(inputs) → \(outputs) channels"
    if !inputExtents.isEmpty { text += " on " + extents(inputExtents) }
    return repetitions > 1 ? text + " (\(repetitions) times)" : text
  }
}
