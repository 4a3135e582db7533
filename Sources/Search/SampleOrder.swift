import Networks

/// The order in which images are used: shuffled, with every class spread evenly over all of it.
///
/// A listing has class after class, so its beginning would be the first classes alone, and its batches one class each. The
/// order depends on nothing but how many images each class has: not on the number of ranks, nor on how many are used, so
/// that more samples leave those before as they are.
enum SampleOrder {
  /// - Parameters:
  ///   - count: how many images there are.
  ///   - classes: by image its class; `nil` to take them all as one.
  /// - Returns: the images' numbers in the order in which they are used.
  static func spread(_ count: Int, classes: [Int]?) -> [Int] {
    var members: [Int: [Int]] = [:]
    for image in 0..<count { members[classes?[image] ?? 0, default: []].append(image) }
    var keyed: [(key: Double, image: Int)] = []
    keyed.reserveCapacity(count)
    for (label, images) in members.sorted(by: { $0.key < $1.key }) {
      var random = SplitMix64(0x1A6E5, UInt64(label))
      let shuffled = images.shuffled(using: &random)
      // The i-th of n images of a class stands somewhere in the i-th of n equal parts.
      for (number, image) in shuffled.enumerated() {
        keyed.append(((Double(number) + random.unit()) / Double(images.count), image))
      }
    }
    return keyed.sorted { ($0.key, $0.image) < ($1.key, $1.image) }.map(\.image)
  }
}
