import Configuration
import Images
import MessagePassing

/// Images that cannot be decoded, looked for before a run: named, counted, and left out where the configuration asks for it.
///
/// Those that can be have to come out with one size.
struct BadImages {
  /// What the error of a single one adds.
  static let advice =
    "\"bad_images\": \"skip\" leaves such images out, and `prune-cluster validate` counts all of them"
  /// So many are named with their problems.
  private static let mostNamed = 10

  /// One of them.
  private struct Bad {
    let path: String
    let label: String
    let problem: String
  }

  /// Where the images are, as configured.
  private let source: String
  /// Images that were looked at.
  private let count: Int
  /// In the order in which images are used.
  private let bad: [Bad]

  /// A configuration's text with the images named that it says to skip, so that all ranks leave out the same.
  ///
  /// All images that are used are decoded once, by as many threads as there are processors.
  /// - Parameter tell: called with a line for every section that has such images.
  /// - Throws: what is wrong with the text, and images that cannot be read at all.
  static func resolved(_ text: [UInt8], file: String, tell: (String) -> Void) throws -> [UInt8] {
    let configuration = try SearchConfiguration(parsing: text, file: file)
    var document: JSONValue?
    for (section, data) in configuration.imageSections where data.badImages == .skip {
      let found = try BadImages(data, replacing: true)
      let labels = JSONValue.array(found.bad.map { .string($0.label) })
      let change = ConfigurationChange([section, "bad_images"], to: labels)
      document = change.applied(to: try document ?? JSONValue(parsing: text, file: file, allowsComments: true))
      if !found.bad.isEmpty { tell("\(found.text), left out") }
    }
    return document.map { Array($0.text().utf8) } ?? text
  }

  /// Decodes all images that a configuration uses, but for those of sections where it says to skip bad ones: these are
  /// looked at as they are skipped.
  /// - Throws: one error that names and counts those that cannot be decoded, or names the first of another size.
  static func check(_ configuration: SearchConfiguration) throws {
    for (_, data) in configuration.imageSections where data.badImages != .skip {
      let found = try BadImages(data, replacing: false)
      guard found.bad.isEmpty else {
        throw SearchError(
          .badContent, file: found.source,
          "\(found.list); \"bad_images\": \"skip\" leaves such images out")
      }
    }
  }

  /// - Parameter replaces: whether further images are looked at until there are as many sound ones as are used.
  private init(_ data: SearchConfiguration.SampleData, replacing replaces: Bool) throws {
    let sets = try data.images.map { try ImageSet($0.source) }
    let transforms = data.images.map { ImageTransform($0.preprocess) }
    var order = SampleOrder.spread(sets[0].names.count, classes: sets[0].classes)
    if case .leftOut(let labels) = data.badImages {
      let gone = Set(labels)
      order.removeAll { image in sets.contains { image < $0.names.count && gone.contains($0.label(image)) } }
    }
    let wanted = min(data.samples ?? order.count, order.count)
    var bad: [Bad] = []
    // By set the first sound image, and the first that has another size.
    var firsts = sets.map { _ in First?.none }
    var (looked, sound) = (0, 0)
    repeat {
      let part = Array(order[looked..<min(looked + wanted - sound, order.count)])
      let found = try BadImages.problems(part.count) { number throws(SearchError) in
        var found = Look()
        for (set, transform) in zip(sets, transforms) where part[number] < set.names.count {
          found.sizes.append(nil)
          let image = part[number]
          let bytes: [UInt8]
          do {
            bytes = try ImageSamples.file(of: set, image).bytes
          } catch let error as SearchError {
            guard error.kind == .badContent else { throw error }
            found.bad.append(Bad(path: set.path(image), label: set.label(image), problem: error.problem))
            continue
          } catch {
            throw SearchError(.cannotBeRead, file: set.path(image), "\(error)")
          }
          do throws(ImageError) {
            let pixels = try transform.pixels(of: bytes)
            found.sizes[found.sizes.count - 1] = ImageTransform.Size(height: pixels.height, width: pixels.width)
          } catch {
            found.bad.append(Bad(path: set.path(image), label: set.label(image), problem: error.problem))
          }
        }
        return found
      }
      bad += found.flatMap(\.bad)
      sound += found.count { $0.bad.isEmpty }
      looked += part.count
      for (look, image) in zip(found, part) where look.bad.isEmpty {
        for (number, size) in look.sizes.enumerated() {
          guard let size else { continue }
          guard let first = firsts[number] else {
            firsts[number] = First(size: size)
            continue
          }
          if size != first.size, first.other == nil { firsts[number]?.other = (image, size) }
        }
      }
    } while replaces && sound < wanted && looked < order.count
    self.bad = bad
    source = sets[0].source
    count = looked
    guard sound > 0 else { throw SearchError(.badContent, file: source, list) }
    guard bad.isEmpty || replaces else { return }
    for (set, first) in zip(sets, firsts) {
      guard let first, let (image, size) = first.other else { continue }
      throw ImageSamples.wrongSize(set.path(image), size, expected: first.size)
    }
  }

  /// What was found of one place in the listing.
  private struct Look {
    var bad: [Bad] = []
    /// By set what its image comes out with; `nil` where it cannot be decoded.
    var sizes: [ImageTransform.Size?] = []
  }

  /// What the first sound image of a set has settled.
  private struct First {
    let size: ImageTransform.Size
    /// The first image with another size.
    var other: (image: Int, size: ImageTransform.Size)?
  }

  private var text: String { "\(source): \(list)" }

  /// How many there are, and the first of them with what is wrong.
  private var list: String {
    let named = bad.prefix(BadImages.mostNamed).map { "\($0.path) \($0.problem)" }.joined(separator: "; ")
    let rest = bad.count > BadImages.mostNamed ? "; and \(bad.count - BadImages.mostNamed) more" : ""
    return "\(bad.count) of \(count) images cannot be used: \(named)\(rest)"
  }

  /// What `look` gives for every number below a count, on all processors.
  /// - Throws: the error of the lowest number that has one.
  private static func problems(
    _ count: Int, _ look: @escaping @Sendable (Int) throws(SearchError) -> Look
  ) throws -> [Look] {
    let board = Board(count)
    var threads: [RankThread] = []
    defer { for thread in threads { thread.join() } }
    for _ in 1..<max(min(ProcessorShare.available, count), 1) {
      threads.append(try RankThread { board.work(look) })
    }
    board.work(look)
    for thread in threads { thread.join() }
    threads = []
    return try board.results.map { try $0.get() }
  }

  /// Numbers that threads take one by one, and what they made of them.
  ///
  /// `@unchecked Sendable`: everything is read and written inside `monitor.locked` only.
  private final class Board: @unchecked Sendable {
    private let monitor = Monitor()
    private var next = 0
    private var found: [Result<Look, SearchError>]

    init(_ count: Int) { found = [Result<Look, SearchError>](repeating: .success(Look()), count: count) }

    var results: [Result<Look, SearchError>] { monitor.locked { found } }

    func work(_ look: (Int) throws(SearchError) -> Look) {
      while true {
        let number: Int? = monitor.locked {
          guard next < found.count else { return nil }
          next += 1
          return next - 1
        }
        guard let number else { return }
        let result: Result<Look, SearchError>
        do throws(SearchError) {
          result = .success(try look(number))
        } catch {
          result = .failure(error)
        }
        monitor.locked { found[number] = result }
      }
    }
  }
}

extension SearchConfiguration {
  /// The sections that have images, by their keys.
  fileprivate var imageSections: [(key: String, data: SampleData)] {
    let sections = [("calibration", calibration?.data), ("evaluation", evaluation)]
    return sections.compactMap { key, data in data.flatMap { $0.images.isEmpty ? nil : (key, $0) } }
  }

  /// Whether all images of some section are decoded before anything else, to leave out the bad ones.
  var skipsImages: Bool { imageSections.contains { $0.data.badImages == .skip } }

  /// Whether a file is an image of this configuration.
  func hasImage(_ path: String) -> Bool {
    imageSections.flatMap(\.data.images).contains { input in
      guard let set = try? ImageSet(input.source) else { return false }
      return set.names.indices.contains { set.path($0) == path }
    }
  }

  /// The images that are left out of the section of calibration samples.
  var leftOutImages: [String] {
    if case .leftOut(let images) = calibration?.data.badImages { images } else { [] }
  }
}
