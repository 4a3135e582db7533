extension Onnx_TensorProto {
  /// Whether the elements are in another file.
  var isExternal: Bool { dataLocation == .external }

  /// The file that holds the elements, relative to the model's folder.
  /// - Throws: `badContent` when there is none or it leaves the folder by its text alone.
  func externalLocation() throws(ImportProblem) -> String {
    guard let location = externalEntry("location"), !location.isEmpty else {
      throw .bad("external data without location")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !parts.contains(".."), !location.utf8.contains(0) else {
      throw .bad("external data '\(location)', expected a path inside the model's folder")
    }
    return location
  }

  /// The run of bytes of this tensor in its external file.
  /// - Parameter byteCount: what element type and shape ask for.
  func externalBytes(of files: [String: [UInt8]], byteCount: Int) throws(ImportProblem) -> ArraySlice<UInt8> {
    let location = try externalLocation()
    guard let file = files[location] else { throw .unreadable("external data '\(location)' was not read") }
    let offset = try externalNumber("offset") ?? 0
    let length = try externalNumber("length") ?? byteCount
    guard length == byteCount else {
      throw .bad("external data of \(length) bytes, expected \(byteCount) for its shape")
    }
    guard offset <= file.count, length <= file.count - offset else {
      throw .bad("\(length) bytes at \(offset) of external data '\(location)', which has \(file.count)")
    }
    return file[offset..<offset + length]
  }

  func externalNumber(_ key: String) throws(ImportProblem) -> Int? {
    guard let text = externalEntry(key) else { return nil }
    guard let number = Int(text), number >= 0 else { throw .bad("external data with \(key) '\(text)'") }
    return number
  }

  private func externalEntry(_ key: String) -> String? {
    externalData.first { $0.key == key }?.value
  }
}
