/// An input of a model: what a run has to be given.
public struct ModelInput: Hashable, Sendable {
  /// The extent of one axis as the file has it.
  public enum Extent: Hashable, Sendable, CustomStringConvertible {
    /// A number.
    case known(Int)
    /// Left open, under this name (`?` when the file has none).
    case open(String)

    /// The number or the name.
    public var description: String {
      switch self {
      case .known(let extent): "\(extent)"
      case .open(let name): name
      }
    }
  }

  /// The ONNX tensor name.
  public let name: String
  /// `float32`, `float16`, `float64` …
  public let elementType: String
  /// The extents, the batch first; `nil` when the file does not even say how many axes there are.
  public let extents: [Extent]?

  /// The input that a message declares.
  init(_ proto: Onnx_ValueInfoProto) {
    name = proto.name
    let tensor = proto.type.tensorType
    elementType = proto.type.hasTensorType ? ElementType.name(of: tensor.elemType) : "no tensor"
    extents =
      tensor.hasShape
      ? tensor.shape.dim.map { dimension in
        switch dimension.value {
        case .dimValue(let extent) where extent >= 0: .known(Int(extent))
        case .dimParam(let name) where !name.isEmpty: .open(name)
        default: .open("?")
        }
      } : nil
  }
}
