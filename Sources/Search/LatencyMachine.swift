import Configuration

/// What times depend on besides the layer: those of one machine say nothing of another.
public struct LatencyMachine: Hashable, Sendable, CustomStringConvertible {
  /// The processor as the system names it.
  public let processor: String
  /// The executor with its version and instruction set.
  public let executor: String
  /// Samples per run.
  public let batchSize: Int
  /// Threads that a layer runs on: 1.
  public let threads: Int

  /// A machine.
  public init(processor: String, executor: String, batchSize: Int, threads: Int = 1) {
    self.processor = processor
    self.executor = executor
    self.batchSize = batchSize
    self.threads = threads
  }

  /// In one line, for messages.
  public var description: String {
    "\(processor), \(executor), \(threads == 1 ? "1 thread" : "\(threads) threads"), batches of \(batchSize)"
  }

  /// The processor that this process runs on.
  static var processorName: String {
    let limit = 64 << 20
    let text = (try? FileHandleReader.contents(of: "/proc/cpuinfo", limit: limit)) ?? []
    var values: [String: String] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let key = trimmed(parts[0])
      if values[key] == nil { values[key] = trimmed(parts[1]) }
    }
    // A name alone may stand for several generations; ARM systems give numbers only.
    let details = ["cpu family", "model", "stepping", "CPU implementer", "CPU part", "CPU variant", "CPU revision"]
    let numbers = details.compactMap { key in values[key].map { "\(key) \($0)" } }.joined(separator: ", ")
    guard let name = values["model name"] else {
      return numbers.isEmpty ? architecture : "\(architecture) (\(numbers))"
    }
    return numbers.isEmpty ? name : "\(name) (\(numbers))"
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown processor"
    #endif
  }
}

extension LatencyMachine {
  static let keys = ["processor", "executor", "threads", "batch_size"]

  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(LatencyMachine.keys)
    processor = try members.required("processor").string()
    executor = try members.required("executor").string()
    threads = try members.required("threads").integer(in: 1...1, expected: "1, the only number of threads that is read")
    batchSize = try members.required("batch_size").integer(in: 1...LatencyMachine.largestBatch)
  }

  /// The largest batch that layers are timed with.
  public static let largestBatch = 4096

  var json: JSONValue {
    [
      "processor": .string(processor), "executor": .string(executor), "threads": .integer(threads),
      "batch_size": .integer(batchSize),
    ]
  }
}
