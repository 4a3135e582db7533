import Configuration
import Digests
import Images
import MessagePassing

/// The images that feed one input, decoded when a worker needs them and a little ahead of that.
///
/// Workers decode what is not there yet themselves, so all of a rank's processors do; two more threads read ahead what a
/// piece of work will need, so that a worker computes while files are waited for. What fits is kept decoded: a run that
/// evaluates many networks decodes once.
///
/// A class because workers share it; the threads end with it.
final class ImageSamples: Sendable {
  /// Where the images are.
  let set: ImageSet
  /// What is done to them.
  let transform: ImageTransform
  /// The size that all of them have to come out with.
  let size: ImageTransform.Size
  /// What tells pixels made of the same files in another way from these.
  let identity: String
  private let shelf: Shelf

  /// What is decoded of one image.
  fileprivate struct Sample: Sendable {
    let pixels: PixelImage
    /// SHA-256 of the file.
    let digest: [UInt8]
  }

  /// - Parameter first: the image that settles the size where the configuration does not.
  init(_ input: SearchConfiguration.ImageInput, _ set: ImageSet, first: Int) throws {
    self.set = set
    let transform = ImageTransform(input.preprocess)
    self.transform = transform
    if let size = transform.size {
      self.size = size
    } else {
      let (path, bytes) = try ImageSamples.file(of: set, first)
      do throws(ImageError) {
        let header = try ImageDecoder.header(bytes)
        size = try transform.size(ofImage: ImageTransform.Size(height: header.height, width: header.width))
      } catch {
        throw SearchError(.badContent, file: path, error.problem)
      }
    }
    identity = "\(input.preprocess.json.text()) \(ImageDecoder.version)"
    let size = size
    shelf = Shelf(sampleBytes: size.height * size.width * transform.channels.count) { index in
      try ImageSamples.sample(index, of: set, transform, size)
    }
    ImagePool.process.add(shelf)
  }

  deinit { shelf.close() }

  /// The extents of one sample.
  var shape: [Int] { transform.shape(of: size) }

  /// Bytes of one decoded image, as it is held.
  var sampleBytes: Int { size.height * size.width * transform.channels.count }

  /// Bytes of images that were read ahead and wait, at the most, when so many images are used.
  func waitingBytes(of count: Int) -> Int { shelf.waitingBytes(of: count) }

  /// Threads that read ahead.
  static var threads: Int { Shelf.threads }

  /// Bytes that decoding takes for the largest of some images, before it has the size that all have.
  ///
  /// Told by their headers, of many images by those of a thousand among them; what cannot be read counts nothing.
  func decodingBytes(of images: [Int]) -> Int {
    let stride = max(1, (images.count + ImageSamples.mostHeaders - 1) / ImageSamples.mostHeaders)
    var most = 0
    for place in Swift.stride(from: 0, to: images.count, by: stride) {
      let path = set.path(images[place])
      guard FileHandleReader.irregularKind(of: path) == nil, let file = FileHandleReader(path),
        let front = try? file.next(1 << 18), let header = try? ImageDecoder.header(front)
      else { continue }
      most = max(most, header.width * header.height * header.channels)
    }
    return most + sampleBytes
  }

  private static let mostHeaders = 1000

  /// Lets images be read ahead.
  func expect(_ images: some Sequence<Int>) { shelf.expect(images) }

  /// What the network takes of some images, and the SHA-256 of their files, one behind the other.
  /// - Throws: the first that cannot be decoded, or has another size.
  func read(_ images: [Int]) throws -> (values: [Float], digests: [UInt8]) {
    var (values, digests): ([Float], [UInt8]) = ([], [])
    values.reserveCapacity(images.count * shape.reduce(1, *))
    for image in images {
      let sample = try shelf.take(image)
      values += transform.values(of: sample.pixels)
      digests += sample.digest
    }
    return (values, digests)
  }

  /// The SHA-256 of the files of some images, one behind the other; nothing is decoded.
  func digests(_ images: [Int]) throws -> [UInt8] {
    try images.flatMap { ImageSamples.digest(try ImageSamples.file(of: set, $0).bytes) }
  }

  /// The content of an image's file.
  static func file(of set: ImageSet, _ image: Int) throws -> (path: String, bytes: [UInt8]) {
    let path = set.path(image)
    if let kind = FileHandleReader.irregularKind(of: path) {
      throw SearchError(.badContent, file: path, "is \(kind), expected a JPEG or PNG image")
    }
    do {
      return (path, try FileHandleReader.contents(of: path, limit: ImageLimits.fileBytes))
    } catch let error as SearchError {
      guard let line = set.line(of: image) else { throw error }
      throw SearchError(
        error.kind, file: set.source,
        "line \(line): \(path) \(error.problem); expected a path from the list's folder, and behind a blank the number "
          + "of its class")
    }
  }

  static func digest(_ bytes: [UInt8]) -> [UInt8] {
    let hash = SHA256()
    hash.append(bytes)
    return hash.digest
  }

  private static func sample(
    _ image: Int, of set: ImageSet, _ transform: ImageTransform, _ size: ImageTransform.Size
  ) throws -> Sample {
    let (path, bytes) = try file(of: set, image)
    let pixels: PixelImage
    do throws(ImageError) {
      pixels = try transform.pixels(of: bytes)
    } catch {
      throw SearchError(.badContent, file: path, "\(error.problem); \(BadImages.advice)")
    }
    guard pixels.width == size.width, pixels.height == size.height else {
      throw wrongSize(path, ImageTransform.Size(height: pixels.height, width: pixels.width), expected: size)
    }
    return Sample(pixels: pixels, digest: digest(bytes))
  }

  static func wrongSize(
    _ path: String, _ found: ImageTransform.Size, expected: ImageTransform.Size
  ) -> SearchError {
    SearchError(
      .badContent, file: path,
      "comes out with \(found.width) × \(found.height) pixels, expected \(expected.width) × \(expected.height) as the "
        + "first image; \"crop\" in \"preprocess\" gives all the same size")
  }
}

/// Decoded images: those that stay, and those that were read ahead and are taken once.
///
/// `@unchecked Sendable`: all but constants is read and written inside `monitor.locked` only.
private final class Shelf: ImageShelf, @unchecked Sendable {
  /// Bytes of decoded images that wait to be taken.
  private static let aheadBytes = 16 << 20
  static let threads = 2

  private enum Slot {
    case loading
    case kept(ImageSamples.Sample)
    case ahead(Result<ImageSamples.Sample, any Error>)
  }

  private let sampleBytes: Int
  private let load: @Sendable (Int) throws -> ImageSamples.Sample
  private let monitor = Monitor()
  private var slots: [Int: Slot] = [:]
  private var keptCount = 0
  private var aheadCount = 0
  private var expected: [Int] = []
  private var hasThreads = false
  private var isClosed = false

  init(sampleBytes: Int, _ load: @escaping @Sendable (Int) throws -> ImageSamples.Sample) {
    self.sampleBytes = max(sampleBytes, 1)
    self.load = load
  }

  private var mostAhead: Int { max(Shelf.aheadBytes / sampleBytes, Shelf.threads) }

  func waitingBytes(of count: Int) -> Int { min(mostAhead, count) * sampleBytes }

  func empty() {
    let count = monitor.locked {
      let kept = slots.filter { if case .kept = $0.value { true } else { false } }
      for image in kept.keys { slots[image] = nil }
      keptCount -= kept.count
      return kept.count
    }
    ImagePool.process.give(count * sampleBytes)
  }

  /// An image, from here or decoded by the caller.
  func take(_ image: Int) throws -> ImageSamples.Sample {
    let found: ImageSamples.Sample? = try monitor.locked {
      while true {
        switch slots[image] {
        case .kept(let sample): return sample
        case .ahead(let result):
          slots[image] = nil
          aheadCount -= 1
          monitor.wakeAll()
          let sample = try result.get()
          keep(sample, image)
          return sample
        case .loading: monitor.wait()
        case nil:
          slots[image] = .loading
          expected.removeAll { $0 == image }
          return nil
        }
      }
    }
    if let found { return found }
    let result = Result { try load(image) }
    monitor.locked {
      slots[image] = nil
      if case .success(let sample) = result { keep(sample, image) }
      monitor.wakeAll()
    }
    return try result.get()
  }

  /// Those that come first stay: of a cycle over all, the most that can be found again.
  private func keep(_ sample: ImageSamples.Sample, _ image: Int) {
    guard ImagePool.process.take(sampleBytes) else { return }
    keptCount += 1
    slots[image] = .kept(sample)
  }

  func expect(_ images: some Sequence<Int>) {
    let starts = monitor.locked {
      expected += images.filter { slots[$0] == nil && !expected.contains($0) }
      monitor.wakeAll()
      defer { hasThreads = true }
      return !hasThreads
    }
    guard starts else { return }
    for _ in 0..<Shelf.threads {
      // Without threads nothing is read ahead, and nothing else is missing.
      if let thread = try? RankThread(body: { self.readAhead() }) { thread.leave() }
    }
  }

  func close() {
    monitor.locked {
      isClosed = true
      monitor.wakeAll()
    }
    empty()
    ImagePool.process.remove(self)
  }

  private func readAhead() {
    while true {
      let image: Int? = monitor.locked {
        while !isClosed, expected.isEmpty || aheadCount >= mostAhead { monitor.wait() }
        guard !isClosed else { return nil }
        let image = expected.removeFirst()
        slots[image] = .loading
        aheadCount += 1
        return image
      }
      guard let image else { return }
      let result = Result { try load(image) }
      monitor.locked {
        slots[image] = .ahead(result)
        monitor.wakeAll()
      }
    }
  }
}

extension ImageTransform {
  /// What a configuration asks for.
  init(_ preprocess: SearchConfiguration.ImagePreprocess) {
    func size(_ size: SearchConfiguration.ImagePreprocess.Size) -> Size { Size(height: size.height, width: size.width) }
    let resize: Resize? =
      switch preprocess.resize {
      case nil: nil
      case .shorterSide(let side): .shorterSide(side)
      case .exact(let exact): .exact(size(exact))
      }
    let interpolation: Interpolation =
      switch preprocess.interpolation {
      case .bilinear: .bilinear
      case .bicubic: .bicubic
      case .nearest: .nearest
      }
    let channels: Channels =
      switch preprocess.channels {
      case .rgb: .rgb
      case .bgr: .bgr
      case .grey: .grey
      }
    self.init(
      resize: resize, crop: preprocess.crop.map(size), interpolation: interpolation, channels: channels,
      layout: preprocess.layout == .channelsFirst ? .channelsFirst : .channelsLast, scale: preprocess.scale,
      mean: preprocess.mean, std: preprocess.std)
  }
}
