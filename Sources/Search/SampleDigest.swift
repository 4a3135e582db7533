import Digests
import Execution
import WorkSharing

/// Takes down the SHA-256 of what a network is given of some samples: its inputs after preprocessing, and the labels.
///
/// In which files and in which number format arrays are stored leaves no trace, nor how many samples were taken at a time. Of
/// images it is the bytes of their files that count, and what is done to them, so that they need not be decoded for it.
struct SampleDigest {
  /// What of one input goes into it.
  enum Content: Sendable {
    /// Its values.
    case values([Float])
    /// The SHA-256 of its files, one behind the other.
    case files([UInt8])
  }

  /// One of each input.
  private let inputs: [SHA256]
  private let labels = SHA256()
  /// What the labels are.
  private var kind = "none"
  private var count = 0

  /// Of samples of some data.
  init(of data: MatchedData) {
    inputs = data.sources.map { source in
      let hash = SHA256()
      if case .images(let images) = source.content {
        hash.append(images.identity.utf8)
      }
      return hash
    }
  }

  /// Adds samples.
  /// - Parameters:
  ///   - contents: of each input.
  ///   - targets: their labels, and behind them those that only fill up a batch.
  ///   - size: the samples that there are labels for.
  mutating func add(_ contents: [Content], _ targets: Targets, count samples: Int, size: Int) {
    precondition(contents.count == inputs.count)
    for (index, content) in contents.enumerated() {
      switch content {
      case .values(let values): inputs[index].append(values, values.count)
      case .files(let digests): inputs[index].append(digests)
      }
    }
    switch targets {
    case .none: break
    case .classes(let classes):
      kind = "classes"
      labels.append(classes, classes.count / size * samples)
    case .dense(let values):
      kind = "values"
      labels.append(values, values.count / size * samples)
    case .drawn, .ranked: preconditionFailure("these are no labels of samples")
    }
    count += samples
  }

  /// The digest of all samples added.
  var key: PieceKey {
    PieceKey(
      ["samples", String(count), kind, labels.hexadecimal] + inputs.map(\.hexadecimal))
  }
}

extension SHA256 {
  /// Adds numbers as they lie in memory.
  fileprivate func append<Number: BitwiseCopyable>(_ numbers: [Number], _ count: Int) {
    numbers.withUnsafeBytes { bytes in
      append(UnsafeRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<Number>.stride)]))
    }
  }
}

extension MatchedData {
  /// What is read at a time, in numbers (1 MiB, which no forecast of memory has to count).
  private static let numbersAtATime = 1 << 18

  /// The digest of some samples as the network takes them.
  /// - Parameter beat: called as it gets on; what it throws ends it.
  /// - Throws: when they cannot be read, or a label is none.
  func digest(of samples: Range<Int>, beat: () throws -> Void = {}) throws -> PieceKey {
    let step = max(MatchedData.numbersAtATime / max(sources.reduce(0) { $0 + $1.elements }, 1), 1)
    var digest = SampleDigest(of: self)
    for part in samples.runs(of: step) {
      let (contents, targets) = try contents(of: part)
      digest.add(contents, targets, count: part.count, size: part.count)
      try beat()
    }
    return digest.key
  }
}
