import Configuration
import Execution
import Networks

/// The images of a section of the configuration, and which of them are used, in which order.
struct ImageChoice: Sendable {
  /// Images that feed one input.
  struct Input: Sendable {
    /// `nil` for the only input of a network with one.
    let name: String?
    let samples: ImageSamples
  }

  /// In the configuration's order; at least one.
  let inputs: [Input]
  /// The images that may be used, in the order in which they are, by their places in the listing.
  let rows: [Int]
  /// By place in the listing its class; `nil` where nothing says it.
  private let classes: [Int]?
  /// Folders of classes; `nil` where a list says the classes.
  private let folders: [String]?

  /// Where the images come from.
  var source: String { inputs[0].samples.set.source }
  /// Images that are listed, used or not.
  var listedCount: Int { inputs[0].samples.set.names.count }

  /// Lists the images; `nil` where no input is fed by any.
  /// - Parameters:
  ///   - place: the section, as errors name it.
  ///   - file: the configuration.
  init?(_ data: SearchConfiguration.SampleData, place: String, file: String) throws {
    guard !data.images.isEmpty else { return nil }
    let sets = try data.images.map { try ImageSet($0.source) }
    for set in sets.dropFirst() where set.names.count != sets[0].names.count {
      throw SearchError(
        .badContent, file: set.source,
        "has \(set.names.count) images, expected \(sets[0].names.count) as \(sets[0].source) has")
    }
    for set in sets.dropFirst() { try ImageChoice.checkPaired(sets[0], set) }
    let labelled = sets.filter { $0.classes != nil }
    for set in labelled.dropFirst() where set.classes != labelled[0].classes {
      throw SearchError(
        .badContent, file: set.source, "gives images other classes than \(labelled[0].source) gives those beside them")
    }
    (classes, folders) = (labelled.first?.classes, labelled.first?.folders)
    var order = SampleOrder.spread(sets[0].names.count, classes: sets[0].classes)
    if case .leftOut(let labels) = data.badImages, !labels.isEmpty {
      let places = Dictionary(
        sets.flatMap { set in set.names.indices.map { (set.label($0), [$0]) } }, uniquingKeysWith: +)
      var leftOut: Set<Int> = []
      for (index, label) in labels.enumerated() {
        guard let found = places[label] else {
          throw SearchError(
            .configuration, file: file,
            "\(place).bad_images[\(index)]: no image of \(sets[0].text) has the path \(label)")
        }
        leftOut.formUnion(found)
      }
      order.removeAll(where: leftOut.contains)
    }
    guard let first = order.first else {
      throw SearchError(.configuration, file: file, "\(place).bad_images: leaves no image of \(sets[0].text)")
    }
    rows = order
    inputs = try zip(data.images, sets).map { input, set in
      Input(name: input.name, samples: try ImageSamples(input, set, first: first))
    }
  }

  /// Sees that images of two folders that stand beside each other are called alike: a pair is one sample.
  ///
  /// The lines of a list say themselves what goes together.
  private static func checkPaired(_ first: ImageSet, _ second: ImageSet) throws {
    guard first.list == nil, second.list == nil else { return }
    func stem(_ name: String) -> Substring { name.lastIndex(of: ".").map { name[..<$0] } ?? name[...] }
    for (name, other) in zip(first.names, second.names) where stem(name) != stem(other) {
      throw SearchError(
        .badContent, file: second.source,
        "has \(other) where \(first.source) has \(name): images that make one sample have to be called alike, but for "
          + "their endings; a list for each input pairs others line by line")
    }
  }

  /// The images of an input of the network; `nil` where it has none.
  func samples(for input: String) -> ImageSamples? {
    inputs.first { ($0.name ?? input) == input }?.samples
  }

  /// The classes, checked against the network's.
  func labels(for network: Network, loss: Loss) throws -> MatchedData.Labels {
    guard loss == .crossEntropy else { return .none }
    guard let classes else {
      throw SearchError(
        .badContent, file: source,
        "says no classes, which the loss needs: expected a folder for each class, or a list with a blank and the number of "
          + "the class behind each path; without them set $.loss.kind to \"agreement\"")
    }
    let output = Array(network[network.outputs[0]].shape.dimensions.dropFirst())
    guard output.dropFirst().allSatisfy({ $0 == 1 }) else {
      throw SearchError(
        .badContent, file: source,
        "says one class for each image, the network's output has \(Array(output.dropFirst())) positions: expected "
          + "\"labels\" with a class for each")
    }
    let count = output.first ?? 0
    if let folders, folders.count != count {
      throw SearchError(
        .badContent, file: source,
        "has \(folders.count) folders, the network \(count) classes: folders are counted in the order of their names, "
          + "so there has to be one for each class; a list can say any classes")
    }
    if let image = classes.firstIndex(where: { $0 >= count }) {
      throw SearchError(
        .badContent, file: source,
        "\(inputs[0].samples.set.names[image]) has the class \(classes[image]), the network has classes 0 … \(count - 1), counted from 0"
      )
    }
    return .listed(classes, count: count)
  }
}
