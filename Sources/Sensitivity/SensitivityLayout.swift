public import Channels

/// Where every layer's channels and every group's units stand in one flat row of numbers.
///
/// First the layers' own output channels in graph order, then the units of every group.
public struct SensitivityLayout: Sendable {
  /// Per layer its channels' places.
  public let layers: [Range<Int>]
  /// Per group its units' places.
  public let groups: [Range<Int>]
  /// Places in all.
  public let count: Int
  /// The places of all groups.
  public var units: Range<Int> { (groups.first?.lowerBound ?? count)..<count }
  /// Units of all groups.
  public var unitCount: Int { units.count }
  /// Per layer and output channel the place of the unit that it adds to, `nil` for channels that count in no unit: those
  /// of none, and those of depthwise layers, which only pass their input's unit on.
  let unitPlaces: [[Int?]]
  /// The same of depthwise layers, which pass units on; nothing but `nil` of others.
  let passedPlaces: [[Int?]]
  /// Per layer and input channel the place of the unit that it reads, `nil` for channels of none, and for those of
  /// depthwise layers.
  let readPlaces: [[Int?]]

  /// The layout of a network's sensitivities.
  public init(_ structure: ChannelStructure) {
    var next = 0
    func take(_ count: Int) -> Range<Int> {
      defer { next += count }
      return next..<next + count
    }
    layers = structure.layers.map { take($0.outputs) }
    let groups = structure.groups.map { take($0.unitCount) }
    self.groups = groups
    count = next
    func places(_ units: [UnitReference?], _ counts: Bool) -> [Int?] {
      units.map { unit in counts ? unit.map { groups[$0.group].lowerBound + $0.unit } : nil }
    }
    unitPlaces = structure.layers.map { places($0.outputUnits, !$0.isDepthwise) }
    passedPlaces = structure.layers.map { places($0.outputUnits, $0.isDepthwise) }
    readPlaces = structure.layers.map { places($0.inputUnits, !$0.isDepthwise) }
  }
}
