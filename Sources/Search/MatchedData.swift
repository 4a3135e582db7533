import ArrayFiles
import Execution

/// Calibration data in the order and form in which the network takes them.
struct MatchedData: Sendable {
  /// x′ = (x × scale − mean) ÷ std, per channel.
  struct Affine: Sendable {
    let scale: Double
    let mean: [Double]
    let std: [Double]
  }

  /// One input's samples.
  struct Source: Sendable {
    let array: ArrayFile
    let affine: Affine?
    let channels: Int
    let elements: Int
  }

  /// What the outputs are compared with.
  enum Labels: Sendable {
    case none
    case classes(ArrayFile, perSample: Int, count: Int)
    case dense(ArrayFile)
  }

  let sources: [Source]
  let labels: Labels

  /// No samples at all.
  static let none = MatchedData(sources: [], labels: .none)

  /// The samples of a range as one batch of the size that the network runs; a short one is filled with its last sample.
  /// - Parameter whole: the samples that gradients of weights are summed over.
  func batch(_ samples: Range<Int>, size: Int, of whole: Range<Int>? = nil) throws -> Batch {
    let missing = size - samples.count
    let inputs = try sources.map { source in
      var values = try source.array.floats(in: samples)
      source.normalise(&values)
      MatchedData.repeatLast(&values, times: missing, of: source.elements)
      return values
    }
    let whole = whole ?? samples
    return Batch(
      inputs: inputs, targets: try targets(samples, missing: missing), sampleCount: samples.count,
      part: BatchPart(
        isFirst: samples.lowerBound == whole.lowerBound, isLast: samples.upperBound == whole.upperBound))
  }

  /// How many samples there are.
  var sampleCount: Int { sources[0].array.sampleCount }

  /// The classes of some samples, or `nil` where labels are no classes.
  func classes(of samples: Range<Int>) throws -> [Int]? {
    if case .classes(let classes) = try targets(samples, missing: 0) { classes } else { nil }
  }

  private func targets(_ samples: Range<Int>, missing: Int) throws -> Targets {
    switch labels {
    case .none: return .none
    case .dense(let array):
      var values = try array.floats(in: samples)
      if let wrong = values.firstIndex(where: { !$0.isFinite }) {
        let sample = samples.lowerBound + wrong * samples.count / values.count
        throw SearchError(.badContent, file: array.path, "sample \(sample) has a target that is not finite")
      }
      MatchedData.repeatLast(&values, times: missing, of: values.count / samples.count)
      return .dense(values)
    case .classes(let array, let perSample, let count):
      var classes: [Int] = []
      for (index, label) in try array.int64s(in: samples).enumerated() {
        guard let value = Int(exactly: label), (0..<count).contains(value) else {
          throw SearchError(
            .badContent, file: array.path,
            "sample \(samples.lowerBound + index / perSample) has label \(label), the network has classes 0 … \(count - 1)"
          )
        }
        classes.append(value)
      }
      MatchedData.repeatLast(&classes, times: missing, of: perSample)
      return .classes(classes)
    }
  }

  private static func repeatLast<Element>(_ values: inout [Element], times: Int, of elements: Int) {
    guard times > 0 else { return }
    let last = Array(values.suffix(elements))
    for _ in 0..<times { values += last }
  }
}

extension MatchedData.Source {
  /// Applies the preprocessing in float64, rounded once: the bytes must not depend on how a compiler contracts it.
  fileprivate func normalise(_ values: inout [Float]) {
    guard let affine else { return }
    let perChannel = max(elements / channels, 1)
    values.withUnsafeMutableBufferPointer { values in
      var start = 0
      while start < values.count {
        let channel = (start / perChannel) % channels
        let (mean, std) = (affine.mean[channel], affine.std[channel])
        for index in start..<start + perChannel {
          values[index] = Float((Double(values[index]) * affine.scale - mean) / std)
        }
        start += perChannel
      }
    }
  }
}
