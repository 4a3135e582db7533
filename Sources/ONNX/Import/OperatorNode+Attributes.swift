extension OperatorNode {
  /// An integer attribute, or its default.
  func integer(_ name: String, default standard: Int) throws(ImportProblem) -> Int {
    guard let attribute = attributes[name] else { return standard }
    guard attribute.isOf(.int), attribute.hasI else { throw wrongType(name, "an integer") }
    return Int(attribute.i)
  }

  /// An integer attribute that is 0 or 1.
  func flag(_ name: String, default standard: Bool = false) throws(ImportProblem) -> Bool {
    try integer(name, default: standard ? 1 : 0) != 0
  }

  /// A list attribute, or `nil`.
  func integers(_ name: String) throws(ImportProblem) -> [Int]? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.isOf(.ints), !attribute.hasI, !attribute.hasF else { throw wrongType(name, "a list of integers") }
    return attribute.ints.map { Int($0) }
  }

  /// A float attribute exactly as the float32 of the file, or its default, rounded to float32 like in every runtime.
  func float(_ name: String, default standard: Float) throws(ImportProblem) -> Double {
    guard let attribute = attributes[name] else { return Double(standard) }
    guard attribute.isOf(.float), attribute.hasF else { throw wrongType(name, "a float") }
    return Double(attribute.f)
  }

  /// A text attribute, or its default.
  func text(_ name: String, default standard: String) throws(ImportProblem) -> String {
    guard let attribute = attributes[name] else { return standard }
    guard attribute.isOf(.string), attribute.hasS else { throw wrongType(name, "a string") }
    return String(decoding: attribute.s, as: UTF8.self)
  }

  private func wrongType(_ name: String, _ expected: String) -> ImportProblem {
    .bad("attribute '\(name)', expected \(expected)")
  }
}

extension Onnx_AttributeProto {
  /// Whether the attribute says that it has this type; the first versions of the format say nothing.
  fileprivate func isOf(_ type: AttributeType) -> Bool { !hasType || self.type == type || self.type == .undefined }
}
