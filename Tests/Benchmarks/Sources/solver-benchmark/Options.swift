import AllocationProblems

/// What the command line asks for.
struct Options {
  /// A command line that says nothing that can be done.
  struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ problem: String) {
      description = """
        \(problem)
        usage: solver-benchmark [--networks NAME,…] [--kinds NAME,…] [--problems 3]
        networks: \(TestNetwork.allCases.map(\.rawValue).joined(separator: ", "))
        kinds: \(LossKind.allCases.map(\.rawValue).joined(separator: ", "))
        """
    }
  }

  let networks: [TestNetwork]
  let kinds: [LossKind]
  /// How many problems of each network and kind, with losses of their own.
  let problemCount: Int

  init(_ arguments: [String]) throws(UsageError) {
    var networks = TestNetwork.allCases
    var kinds = LossKind.allCases
    var problemCount = 3
    var rest = arguments[...]
    while let key = rest.popFirst() {
      guard ["--networks", "--kinds", "--problems"].contains(key) else { throw UsageError("unknown option '\(key)'") }
      guard let value = rest.popFirst() else { throw UsageError("\(key) has no value") }
      switch key {
      case "--networks": networks = try Self.cases(value)
      case "--kinds": kinds = try Self.cases(value)
      default:
        guard let count = Int(value), (1...1000).contains(count) else {
          throw UsageError("--problems is '\(value)', expected a whole number from 1 to 1000")
        }
        problemCount = count
      }
    }
    self.networks = networks
    self.kinds = kinds
    self.problemCount = problemCount
  }

  private static func cases<Case: RawRepresentable<String>>(_ names: String) throws(UsageError) -> [Case] {
    var cases: [Case] = []
    for name in names.split(separator: ",") {
      guard let one = Case(rawValue: String(name)) else { throw UsageError("'\(name)' is not known") }
      cases.append(one)
    }
    return cases
  }
}
