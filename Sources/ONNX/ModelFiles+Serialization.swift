extension ModelFiles {
  /// Marks the start of `serialized`.
  private static let mark = Array("ONNXfiles1".utf8)

  /// Everything as one byte array: mark, path, model, number of external files, then name and bytes of each (sorted by
  /// name); every string and byte run behind its length as eight bytes, least significant first.
  public var serialized: [UInt8] {
    var bytes = Self.mark
    let payload = external.reduce(model.count) { $0 + $1.value.count + $1.key.utf8.count + 16 }
    bytes.reserveCapacity(payload + path.utf8.count + Self.mark.count + 24)
    func append(_ number: Int) {
      for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    func append(_ run: some Collection<UInt8>) {
      append(run.count)
      bytes.append(contentsOf: run)
    }
    append(path.utf8)
    append(model)
    append(external.count)
    for (location, data) in external.sorted(by: { $0.key < $1.key }) {
      append(location.utf8)
      append(data)
    }
    return bytes
  }

  /// What `serialized` was made from.
  /// - Throws: `ONNXError` of kind `badContent` when the bytes are not from `serialized`.
  public init(serialized bytes: [UInt8]) throws(ONNXError) {
    var position = Self.mark.count
    guard bytes.starts(with: Self.mark) else { throw Self.broken("no model files start like this") }
    func number() throws(ONNXError) -> Int {
      guard bytes.count - position >= 8 else { throw Self.broken("ends inside a length") }
      var value: UInt64 = 0
      for place in 0..<8 { value |= UInt64(bytes[position + place]) << (8 * place) }
      position += 8
      guard let result = Int(exactly: value), result >= 0 else { throw Self.broken("a length of \(value)") }
      return result
    }
    func run() throws(ONNXError) -> ArraySlice<UInt8> {
      let count = try number()
      guard bytes.count - position >= count else {
        throw Self.broken("\(count) bytes announced, \(bytes.count - position) left")
      }
      position += count
      return bytes[position - count..<position]
    }
    let path = String(decoding: try run(), as: UTF8.self)
    let model = try run()
    var external: [String: [UInt8]] = [:]
    for _ in 0..<(try number()) {
      let location = String(decoding: try run(), as: UTF8.self)
      external[location] = Array(try run())
    }
    guard position == bytes.count else { throw Self.broken("\(bytes.count - position) bytes behind the end") }
    self.init(model: model, external: external, path: path)
  }

  private static func broken(_ problem: String) -> ONNXError {
    ONNXError(.badContent, file: "broadcast model files", problem: problem)
  }
}
