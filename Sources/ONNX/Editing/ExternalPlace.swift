import SwiftProtobuf

/// Where data stand among the external files; what is written anew keeps this order.
struct ExternalPlace: Comparable {
  /// The file.
  let location: String
  /// The first byte in it.
  let offset: Int

  /// Behind every file: for data that were in none.
  static let behindAll = ExternalPlace(location: "", offset: .max)

  static func < (left: Self, right: Self) -> Bool {
    if (left.offset == .max) != (right.offset == .max) { return right.offset == .max }
    return (left.location, left.offset) < (right.location, right.offset)
  }
}

extension Onnx_TensorProto {
  /// Where this tensor's data have to go when the one that it replaces was external; `nil` for data that only the
  /// model file can hold, and for what is external itself.
  func place(of original: Onnx_TensorProto) throws(ImportProblem) -> ExternalPlace? {
    guard !isExternal, ElementStorage(dataType)?.bytesPerElement != nil else { return nil }
    return ExternalPlace(location: try original.externalLocation(), offset: try original.externalNumber("offset") ?? 0)
  }

  /// The bytes of an external file that this tensor's data are.
  /// - Throws: when they are not all there.
  func externalRange(in files: [String: [UInt8]]) throws(ImportProblem) -> (place: ExternalPlace, range: Range<Int>) {
    let location = try externalLocation()
    guard let file = files[location] else { throw .unreadable("external data '\(location)' was not read") }
    let offset = try externalNumber("offset") ?? 0
    guard offset <= file.count else {
      throw .bad("tensor '\(name)' at \(offset) of external data '\(location)', which has \(file.count) bytes")
    }
    // A tensor of a type that is not known here ends where the file says, or with the file.
    let length = try externalNumber("length") ?? (try? rawByteCount()) ?? file.count - offset
    guard length <= file.count - offset else {
      throw .bad("\(length) bytes at \(offset) of external data '\(location)', which has \(file.count)")
    }
    return (ExternalPlace(location: location, offset: offset), offset..<offset + length)
  }

  /// Refers to data in a file instead of holding them.
  mutating func setExternal(_ location: String, offset: Int, length: Int) {
    // A checksum is one of the file as it was.
    let replaced: Set = ["location", "offset", "length", "checksum"]
    let others = externalData.filter { !replaced.contains($0.key) }
    let entries = [("location", location), ("offset", String(offset)), ("length", String(length))]
    externalData =
      entries.map { key, value in
        .with {
          $0.key = key
          $0.value = value
        }
      } + others
    dataLocation = .external
    clearRawData()
    floatData = []
    int32Data = []
    int64Data = []
    doubleData = []
    uint64Data = []
  }

  /// Refers to another file at the same place.
  mutating func rename(external location: String) {
    externalData.removeAll { $0.key == "checksum" }
    for index in externalData.indices where externalData[index].key == "location" {
      externalData[index].value = location
    }
  }
}
