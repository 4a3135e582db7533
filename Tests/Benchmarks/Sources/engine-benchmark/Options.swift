/// What the command line asks for.
struct Options {
  /// What is run.
  enum Subject {
    /// A network's forward and backward pass.
    case network(NetworkFiles)
    /// Square matrix products.
    case matrixProducts
  }

  /// A command line that says nothing that can be done.
  struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ problem: String) {
      description = """
        \(problem)
        usage: engine-benchmark network --model FILE --images FILE --labels FILE [--batch 8] [--workers 1] [--commands FILE]
               engine-benchmark matrix-products [--workers 1] [--commands FILE]
        """
    }
  }

  let subject: Subject
  /// Samples per batch.
  let batchSize: Int
  /// Workers of each rank.
  let workerCount: Int
  /// Where commands come from: rank r reads the file with `.r` behind its name; `nil` is standard input.
  let commands: String?

  init(_ arguments: [String]) throws(UsageError) {
    guard let name = arguments.first else { throw UsageError("nothing to run is named") }
    var values: [String: String] = [:]
    var rest = arguments.dropFirst()
    while let key = rest.popFirst() {
      guard ["--model", "--images", "--labels", "--batch", "--workers", "--commands"].contains(key) else {
        throw UsageError("unknown option '\(key)'")
      }
      guard let value = rest.popFirst() else { throw UsageError("\(key) has no value") }
      values[key] = value
    }
    func file(_ key: String) throws(UsageError) -> String {
      guard let value = values[key] else { throw UsageError("\(key) is missing") }
      return value
    }
    func number(_ key: String, default standard: Int) throws(UsageError) -> Int {
      guard let text = values[key] else { return standard }
      guard let value = Int(text), (1...4096).contains(value) else {
        throw UsageError("\(key) is '\(text)', expected a whole number from 1 to 4096")
      }
      return value
    }
    switch name {
    case "network":
      subject = .network(
        NetworkFiles(model: try file("--model"), images: try file("--images"), labels: try file("--labels")))
    case "matrix-products": subject = .matrixProducts
    default: throw UsageError("'\(name)' is neither 'network' nor 'matrix-products'")
    }
    batchSize = try number("--batch", default: 8)
    workerCount = try number("--workers", default: 1)
    commands = values["--commands"]
  }
}
