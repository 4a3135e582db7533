import Crypto
import Execution
import WorkSharing

/// Takes down the SHA-256 of what a network is given of some samples: its inputs after preprocessing, and the labels.
///
/// In which files and in which number format they are stored leaves no trace, nor how many were taken at a time.
struct SampleDigest {
  /// One of each input.
  private var inputs: [SHA256]
  private var labels = SHA256()
  /// What the labels are.
  private var kind = "none"
  private var count = 0

  /// Of a network with so many inputs.
  init(inputs: Int) {
    self.inputs = [SHA256](repeating: SHA256(), count: inputs)
  }

  /// Adds the samples of a batch that count; those that only fill it up do not.
  /// - Parameter size: the samples that the batch holds with these.
  mutating func add(_ batch: Batch, size: Int) {
    precondition(batch.inputs.count == inputs.count)
    for (index, values) in batch.inputs.enumerated() {
      inputs[index].append(values, values.count / size * batch.sampleCount)
    }
    switch batch.targets {
    case .none: break
    case .classes(let classes):
      kind = "classes"
      labels.append(classes, classes.count / size * batch.sampleCount)
    case .dense(let values):
      kind = "values"
      labels.append(values, values.count / size * batch.sampleCount)
    case .drawn, .ranked: preconditionFailure("these are no labels of samples")
    }
    count += batch.sampleCount
  }

  /// The digest of all samples added.
  var key: PieceKey {
    PieceKey(
      ["samples", String(count), kind, Self.text(labels)] + inputs.map(Self.text))
  }

  private static func text(_ hash: SHA256) -> String {
    FileDigest.hexadecimal(hash.finalize())
  }
}

extension SHA256 {
  /// Adds numbers as they lie in memory.
  fileprivate mutating func append<Number: BitwiseCopyable>(_ numbers: [Number], _ count: Int) {
    numbers.withUnsafeBytes { bytes in
      update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<Number>.stride)]))
    }
  }
}

extension MatchedData {
  /// What is read at a time, in numbers (16 MiB).
  private static let numbersAtATime = 1 << 22

  /// The digest of some samples as the network takes them.
  /// - Parameter beat: called as it gets on; what it throws ends it.
  /// - Throws: when they cannot be read, or a label is none.
  func digest(of samples: Range<Int>, beat: () throws -> Void = {}) throws -> PieceKey {
    let step = max(MatchedData.numbersAtATime / max(sources.reduce(0) { $0 + $1.elements }, 1), 1)
    var digest = SampleDigest(inputs: sources.count)
    for part in samples.runs(of: step) {
      digest.add(try batch(part, size: part.count), size: part.count)
      try beat()
    }
    return digest.key
  }
}
