/// A collective call as its caller describes it: all ranks must describe the same.
struct Collective: Equatable, CustomStringConvertible {
  let name: String
  var kind: ElementKind?
  /// The number of elements: of every rank, or one number where all have the same.
  var counts: [Int] = []
  var operation: ReduceOperation?
  var root: Int?

  var description: String {
    var text = name
    if let operation { text += " (\(operation))" }
    if let kind { text += " of \(counts.map(String.init).joined(separator: "+")) \(kind)" }
    if let root { text += " with root \(root)" }
    return text
  }
}
