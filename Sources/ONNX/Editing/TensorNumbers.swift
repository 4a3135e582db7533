import FoundationEssentials
import Networks

extension Onnx_TensorProto {
  /// The tensor with other numbers of the same count, in its own element type and form; external data become raw data
  /// of this message.
  /// - Throws: `unsupported` unless the elements are float32, float16, float64 or bfloat16, and for a number that its
  ///   element type cannot hold; `badContent` when the count is not that of the shape.
  func replacing(values: [Float]) throws(ImportProblem) -> Onnx_TensorProto {
    let count = try extents().count
    guard values.count == count else {
      throw .bad("\(values.count) numbers for tensor '\(name)', expected \(count) for its shape")
    }
    var result = self
    let isRaw = hasRawData || isExternal
    result.externalData = []
    result.clearDataLocation()
    switch dataType {
    case 1 where isRaw: result.rawData = values.withUnsafeBytes { Data($0) }
    case 1: result.floatData = values
    case 11 where isRaw: result.rawData = values.map { Double($0) }.withUnsafeBytes { Data($0) }
    case 11: result.doubleData = values.map { Double($0) }
    case 10, 16:
      let patterns = values.map { dataType == 10 ? Float16($0).bitPattern : Self.bfloat16($0) }
      let infinity: UInt16 = dataType == 10 ? 0x7C00 : 0x7F80
      if let place = patterns.indices.first(where: { patterns[$0] & 0x7FFF == infinity && values[$0].isFinite }) {
        throw .unsupported(
          "\(values[place]) for tensor '\(name)' is too large for \(ElementStorage.name(of: dataType))")
      }
      if isRaw {
        result.rawData = patterns.withUnsafeBytes { Data($0) }
      } else {
        result.int32Data = patterns.map { Int32($0) }
      }
    default:
      throw .unsupported(
        "tensor '\(name)' has elements of type \(ElementStorage.name(of: dataType)), expected floating-point numbers")
    }
    return result
  }

  /// The upper half of a float32, rounded to the nearest, halves to even.
  private static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    guard !value.isNaN else { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
  }
}
