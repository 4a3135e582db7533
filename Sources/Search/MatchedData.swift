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
    let content: Content
    let channels: Int
    let elements: Int
  }

  /// Where an input's samples come from.
  enum Content: Sendable {
    case array(ArrayFile, Affine?)
    case images(ImageSamples)
  }

  /// What the outputs are compared with.
  enum Labels: Sendable {
    case none
    case classes(ArrayFile, perSample: Int, count: Int)
    /// One class for each sample, by its place in the files.
    case listed([Int], count: Int)
    case dense(ArrayFile)
  }

  let sources: [Source]
  let labels: Labels
  /// By sample its place in the files; `nil` where that is the same.
  var rows: [Int]?

  /// No samples at all.
  static let none = MatchedData(sources: [], labels: .none)

  /// The samples of a range as one batch of the size that the network runs; a short one is filled with its last sample.
  /// - Parameter whole: the samples that gradients of weights are summed over.
  func batch(_ samples: Range<Int>, size: Int, of whole: Range<Int>? = nil) throws -> Batch {
    try read(samples, size: size, of: whole).batch
  }

  /// The same, and what tells its samples from others.
  func read(
    _ samples: Range<Int>, size: Int, of whole: Range<Int>? = nil
  ) throws -> (batch: Batch, contents: [SampleDigest.Content]) {
    let missing = size - samples.count
    var contents: [SampleDigest.Content] = []
    let inputs = try sources.map { source in
      var values: [Float]
      switch source.content {
      case .array(let array, let affine):
        values = try floats(array, samples)
        source.normalise(&values, affine)
        contents.append(.values(values))
      case .images(let images):
        let digests: [UInt8]
        (values, digests) = try images.read(Array(places(of: samples)))
        contents.append(.files(digests))
      }
      MatchedData.repeatLast(&values, times: missing, of: source.elements)
      return values
    }
    let whole = whole ?? samples
    let batch = Batch(
      inputs: inputs, targets: try targets(samples, missing: missing), sampleCount: samples.count,
      part: BatchPart(
        isFirst: samples.lowerBound == whole.lowerBound, isLast: samples.upperBound == whole.upperBound))
    return (batch, contents)
  }

  /// Lets files be read ahead that these samples will need.
  func expect(_ samples: Range<Int>) {
    for case .images(let images) in sources.map(\.content) { images.expect(places(of: samples)) }
  }

  /// What tells some samples from others, without decoding any image, and their labels.
  func contents(of samples: Range<Int>) throws -> (contents: [SampleDigest.Content], targets: Targets) {
    let contents = try sources.map { source in
      switch source.content {
      case .array(let array, let affine):
        var values = try floats(array, samples)
        source.normalise(&values, affine)
        return SampleDigest.Content.values(values)
      case .images(let images): return .files(try images.digests(Array(places(of: samples))))
      }
    }
    return (contents, try targets(samples, missing: 0))
  }

  /// How many samples there are.
  var sampleCount: Int {
    if let rows { return rows.count }
    if case .array(let array, _) = sources.first?.content { return array.sampleCount }
    return 0
  }

  /// What samples take beside the images that stay.
  struct Memory: Sendable {
    /// Bytes of images that wait to be taken, and that the threads which read ahead decode.
    var fixed = 0
    /// Bytes of a worker: the samples of a run as the network takes them, and the image that it decodes.
    var perWorker = 0
    /// Bytes of all images decoded: more need not stay.
    var images = 0
  }

  /// What the samples take. Headers of images are read.
  /// - Parameter runSize: the samples of a run.
  func memory(runSize: Int) -> Memory {
    // A run is there twice for a moment: as it is read and turned, or where the last sample fills it up.
    var memory = Memory(perWorker: 2 * runSize * sampleBytes)
    var decoding = 0
    for case .images(let images) in sources.map(\.content) {
      let bytes = images.decodingBytes(of: rows ?? [])
      memory.fixed += images.waitingBytes(of: sampleCount) + ImageSamples.threads * bytes
      decoding = max(decoding, bytes)
      memory.images += sampleCount * images.sampleBytes
    }
    memory.perWorker += decoding
    return memory
  }

  /// Bytes of one sample and its label as the network takes them.
  private var sampleBytes: Int {
    let values = sources.reduce(0) { $0 + $1.elements }
    return switch labels {
    case .none: values * MemoryLayout<Float>.stride
    case .dense(let array): (values + array.elementsPerSample) * MemoryLayout<Float>.stride
    case .classes(_, let perSample, _): values * MemoryLayout<Float>.stride + perSample * MemoryLayout<Int>.stride
    case .listed: values * MemoryLayout<Float>.stride + MemoryLayout<Int>.stride
    }
  }

  /// Where samples lie in the files.
  private func places(of samples: Range<Int>) -> ArraySlice<Int> { rows.map { $0[samples] } ?? Array(samples)[...] }

  /// Elements of some samples, as stored.
  private func floats(_ array: ArrayFile, _ samples: Range<Int>) throws -> [Float] {
    guard let rows else { return try array.floats(in: samples) }
    return try rows[samples].flatMap { try array.floats(in: $0..<$0 + 1) }
  }

  /// The classes of some samples, or `nil` where labels are no classes.
  func classes(of samples: Range<Int>) throws -> [Int]? {
    if case .classes(let classes) = try targets(samples, missing: 0) { classes } else { nil }
  }

  /// A sample's place in the files, with its image where it has one.
  private func place(of sample: Int) -> String {
    let row = rows.map { $0[sample] } ?? sample
    for case .images(let images) in sources.map(\.content) { return "\(row) (\(images.set.names[row]))" }
    return "\(row)"
  }

  /// Reads the labels and the arrays of the first samples, so that what is wrong is told before anything is computed.
  /// - Throws: the first label that does not go with the network, or the first number that is not finite.
  func checkValues(of count: Int) throws {
    for start in stride(from: 0, to: count, by: 64) {
      let samples = start..<min(start + 64, count)
      _ = try targets(samples, missing: 0)
      for source in sources {
        guard case .array(let array, let affine) = source.content else { continue }
        var values = try floats(array, samples)
        source.normalise(&values, affine)
        guard let wrong = values.firstIndex(where: { !$0.isFinite }) else { continue }
        let (sample, element) = wrong.quotientAndRemainder(dividingBy: source.elements)
        throw SearchError(
          .badContent, file: array.path,
          (array.member.map { "'\($0)': " } ?? "")
            + "sample \(place(of: samples.lowerBound + sample)): element \(element) is \(values[wrong])"
            + (affine == nil ? "" : " once preprocessed") + ", expected a finite number")
      }
    }
  }

  private func targets(_ samples: Range<Int>, missing: Int) throws -> Targets {
    switch labels {
    case .none: return .none
    case .dense(let array):
      var values = try floats(array, samples)
      if let wrong = values.firstIndex(where: { !$0.isFinite }) {
        let sample = samples.lowerBound + wrong * samples.count / values.count
        throw SearchError(.badContent, file: array.path, "sample \(place(of: sample)) has a target that is not finite")
      }
      MatchedData.repeatLast(&values, times: missing, of: values.count / samples.count)
      return .dense(values)
    case .classes(let array, let perSample, let count):
      var classes: [Int] = []
      classes.reserveCapacity((samples.count + missing) * perSample)
      let stored = try rows.map { rows in try rows[samples].flatMap { try array.int64s(in: $0..<$0 + 1) } }
      for (index, label) in (try stored ?? array.int64s(in: samples)).enumerated() {
        guard let value = Int(exactly: label), (0..<count).contains(value) else {
          throw SearchError(
            .badContent, file: array.path,
            "sample \(place(of: samples.lowerBound + index / perSample)) has label \(label), the network has classes 0 … "
              + "\(count - 1), counted from 0")
        }
        classes.append(value)
      }
      MatchedData.repeatLast(&classes, times: missing, of: perSample)
      return .classes(classes)
    case .listed(let listed, _):
      var classes = places(of: samples).map { listed[$0] }
      MatchedData.repeatLast(&classes, times: missing, of: 1)
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
  fileprivate func normalise(_ values: inout [Float], _ affine: MatchedData.Affine?) {
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
