import Allocation

/// Architectures in the size that they have for images of 224 × 224.
public enum TestNetwork: String, CaseIterable, Sendable {
  case resNet50, vgg16, mobileNetV2, denseNet121, googLeNet
  /// With five bit widths to choose from for every layer.
  case resNet50Bits, vgg16Bits

  /// Whether the group graph has no cycles.
  public var isForest: Bool { [.vgg16, .mobileNetV2, .vgg16Bits].contains(self) }

  /// Whether the layers' bit widths are chosen too.
  public var hasBits: Bool { [.resNet50Bits, .vgg16Bits].contains(self) }

  /// The network's groups and costs, with losses of a kind; the same for the same seed.
  public func builder(kind: LossKind, seed: UInt64) throws -> NetworkBuilder {
    var builder = NetworkBuilder(kind: kind, seed: seed, hasBits: hasBits)
    switch self {
    case .resNet50, .resNet50Bits: try Self.resNet50(&builder)
    case .vgg16, .vgg16Bits: try Self.vgg16(&builder)
    case .mobileNetV2: try Self.mobileNetV2(&builder)
    case .denseNet121: try Self.denseNet121(&builder)
    case .googLeNet: try Self.googLeNet(&builder)
    }
    return builder
  }

  private static let image = LinearForm(constant: 3)
  private static let classes = LinearForm(constant: 1000)

  private static func resNet50(_ net: inout NetworkBuilder) throws {
    var stream = try net.group(64)
    try net.layer(image, stream, kernel: 7, area: 112)
    for (stage, blocks) in [3, 4, 6, 3].enumerated() {
      let width = 64 << stage
      let area = 56 >> stage
      let next = try net.group(4 * width)
      try net.layer(stream, next, area: area)
      for block in 0..<blocks {
        let (a, b) = (try net.group(width), try net.group(width))
        try net.layer(block == 0 ? stream : next, a, area: block == 0 && stage > 0 ? 2 * area : area)
        try net.layer(a, b, kernel: 3, area: area)
        try net.layer(b, next, area: area)
      }
      stream = next
    }
    try net.layer(stream, classes, area: 1)
  }

  private static func vgg16(_ net: inout NetworkBuilder) throws {
    var before = image
    for (stage, (width, layers)) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)].enumerated() {
      for _ in 0..<layers {
        let next = try net.group(width)
        try net.layer(before, next, kernel: 3, area: 224 >> stage)
        before = next
      }
    }
    for width in [4096, 4096] {
      let next = try net.group(width)
      try net.layer(before, next, kernel: before.terms[0].group == 12 ? 7 : 1, area: 1)
      before = next
    }
    try net.layer(before, classes, area: 1)
  }

  private static func mobileNetV2(_ net: inout NetworkBuilder) throws {
    let one = LinearForm(constant: 1)
    var stream = try net.group(32)
    try net.layer(image, stream, kernel: 3, area: 112)
    try net.layer(one, stream, kernel: 3, area: 112)
    let first = try net.group(16)
    try net.layer(stream, first, area: 112)
    stream = first
    var area = 112
    var width = 16
    for (factor, next, blocks, stride) in [
      (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ] {
      for block in 0..<blocks {
        let inner = try net.group(factor * width)
        try net.layer(stream, inner, area: area)
        if block == 0 { area /= stride }
        try net.layer(one, inner, kernel: 3, area: area)
        if block == 0 { stream = try net.group(next) }
        try net.layer(inner, stream, area: area)
        width = next
      }
    }
    let last = try net.group(1280)
    try net.layer(stream, last, area: 7)
    try net.layer(last, classes, area: 1)
  }

  private static func concat(_ forms: [LinearForm]) -> LinearForm { LinearForm(terms: forms.flatMap(\.terms)) }

  private static func denseNet121(_ net: inout NetworkBuilder) throws {
    var features = [try net.group(64)]
    try net.layer(image, features[0], kernel: 7, area: 112)
    for (stage, layers) in [6, 12, 24, 16].enumerated() {
      let area = 56 >> stage
      for _ in 0..<layers {
        let (a, b) = (try net.group(128), try net.group(32))
        try net.layer(concat(features), a, area: area)
        try net.layer(a, b, kernel: 3, area: area)
        features.append(b)
      }
      guard stage < 3 else { break }
      let width = features.reduce(0) { $0 + net.groups[$1.terms[0].group].unitCount }
      let transition = try net.group(width / 2)
      try net.layer(concat(features), transition, area: area)
      features = [transition]
    }
    try net.layer(concat(features), classes, area: 1)
  }

  private static func googLeNet(_ net: inout NetworkBuilder) throws {
    let stem = [try net.group(64), try net.group(64), try net.group(192)]
    try net.layer(image, stem[0], kernel: 7, area: 112)
    try net.layer(stem[0], stem[1], area: 56)
    try net.layer(stem[1], stem[2], kernel: 3, area: 56)
    var features = stem[2]
    for (area, widths) in [
      (28, [64, 96, 128, 16, 32, 32]), (28, [128, 128, 192, 32, 96, 64]), (14, [192, 96, 208, 16, 48, 64]),
      (14, [160, 112, 224, 24, 64, 64]), (14, [128, 128, 256, 24, 64, 64]), (14, [112, 144, 288, 32, 64, 64]),
      (14, [256, 160, 320, 32, 128, 128]), (7, [256, 160, 320, 32, 128, 128]), (7, [384, 192, 384, 48, 128, 128]),
    ] {
      let g = try widths.map { try net.group($0) }
      for inner in [0, 1, 3, 5] { try net.layer(features, g[inner], area: area) }
      try net.layer(g[1], g[2], kernel: 3, area: area)
      try net.layer(g[3], g[4], kernel: 5, area: area)
      features = concat([g[0], g[2], g[4], g[5]])
    }
    try net.layer(features, classes, area: 1)
  }
}
