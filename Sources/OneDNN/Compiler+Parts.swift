import Execution
import Networks

/// Values that stand for parts of others along the channel axis.
extension Compiler {
  /// Whether a value can be taken apart along its channels: it is computed, its channels last in memory.
  mutating func isInChannelsLast(_ id: ValueID) throws(ExecutionError) -> Bool {
    guard network[id].shape.rank >= 3, network[id].constant == nil else { return false }
    return try layout(of: id) == .channelsLast
  }

  /// The parts of a value: those that it stands for, or itself.
  func partsOrSelf(_ id: ValueID) -> [Part] {
    parts[id.index] ?? [Part(base: id, channels: 0..<network[id].shape[1])]
  }

  /// Lets a value stand for parts of others.
  mutating func define(_ id: ValueID, as parts: [Part]) {
    var joined: [Part] = []
    for part in parts {
      if let last = joined.last, last.base == part.base, last.channels.upperBound == part.channels.lowerBound {
        joined[joined.count - 1] = Part(
          base: part.base, channels: last.channels.lowerBound..<part.channels.upperBound)
      } else {
        joined.append(part)
      }
    }
    self.parts[id.index] = joined
  }

  /// The channels `range` of some parts.
  static func slice(_ parts: [Part], _ range: Range<Int>) -> [Part] {
    var result: [Part] = []
    var start = 0
    for part in parts {
      let own = max(range.lowerBound, start)..<min(max(range.upperBound, start), start + part.channels.count)
      if own.lowerBound < own.upperBound {
        let first = part.channels.lowerBound - start
        result.append(Part(base: part.base, channels: own.lowerBound + first..<own.upperBound + first))
      }
      start += part.channels.count
    }
    return result
  }

  /// A part in memory.
  mutating func rows(_ part: Part) throws(ExecutionError) -> Rows {
    try operand(part.base, in: .channelsLast).rows.channels(from: part.channels.lowerBound)
  }

  /// A value's parts in memory, with the first of its channels that each is.
  mutating func rows(of id: ValueID) throws(ExecutionError) -> [(rows: Rows, channels: Range<Int>)] {
    var result: [(rows: Rows, channels: Range<Int>)] = []
    var start = 0
    for part in partsOrSelf(id) {
      result.append((try rows(part), start..<start + part.channels.count))
      start += part.channels.count
    }
    return result
  }

  /// The parts brought together.
  mutating func joined(_ parts: [Part], as id: ValueID) throws(ExecutionError) -> Tensor {
    let pieces = try rows(of: id)
    let whole = try makeResult(id, .channelsLast)
    let geometry = RowGeometry(whole, batchSize: network.batchSize)
    for piece in pieces {
      append(
        ForwardPassStep(
          geometry: geometry.narrowed(to: piece.channels.count), from: piece.rows,
          to: whole.rows.channels(from: piece.channels.lowerBound)))
    }
    return whole
  }
}
