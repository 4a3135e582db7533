import FoundationEssentials

/// Where data go in an external file that is written anew: what is kept and what is new, in the order of their places.
struct ExternalLayout {
  /// Bytes that go into the file together.
  private enum Block {
    case kept(Range<Int>, of: String)
    case added(Data, number: Int)

    var count: Int {
      switch self {
      case .kept(let range, _): range.count
      case .added(let data, _): data.count
      }
    }
  }

  private var kept: [(place: ExternalPlace, count: Int)] = []
  private var additions: [(place: ExternalPlace, data: Data)] = []
  /// By file the kept runs, ascending, and where each goes.
  private var moved: [String: [(from: Range<Int>, to: Int)]] = [:]
  private var addedSlots: [Range<Int>] = []

  /// Whether nothing goes into the file.
  var isEmpty: Bool { kept.isEmpty && additions.isEmpty }

  /// Keeps a run of bytes of a file; several tensors may share bytes.
  mutating func keep(_ place: ExternalPlace, count: Int) { kept.append((place, count)) }

  /// Adds new bytes.
  mutating func add(_ data: Data, at place: ExternalPlace) { additions.append((place, data)) }

  /// Lays the file out and yields its bytes.
  ///
  /// Offsets are multiples of 64, of 4096 for runs of 1 MiB and more so that they can be mapped.
  mutating func file(from files: [String: [UInt8]]) -> [UInt8] {
    var blocks = keptBlocks()
    for (number, addition) in additions.enumerated() {
      blocks.append((addition.place, .added(addition.data, number: number)))
    }
    addedSlots = [Range<Int>](repeating: 0..<0, count: additions.count)
    // Several additions may have one place: two tensors in place of two that shared their data.
    let order = blocks.indices.sorted { left, right in
      blocks[left].place == blocks[right].place ? left < right : blocks[left].place < blocks[right].place
    }
    var starts = [Int](repeating: 0, count: blocks.count)
    var end = 0
    for index in order {
      let block = blocks[index].block
      let alignment = block.count >= 1 << 20 ? 4096 : 64
      starts[index] = (end + alignment - 1) / alignment * alignment
      end = starts[index] + block.count
      switch block {
      case .kept(let range, let location): moved[location, default: []].append((range, starts[index]))
      case .added(_, let number): addedSlots[number] = starts[index]..<end
      }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(end)
    for index in order {
      bytes.append(contentsOf: repeatElement(0, count: starts[index] - bytes.count))
      switch blocks[index].block {
      case .kept(let range, let location): bytes.append(contentsOf: files[location]?[range] ?? [])
      case .added(let data, _): data.withUnsafeBytes { bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }

  /// Kept runs, those that overlap as one: no byte goes into the file twice.
  private func keptBlocks() -> [(place: ExternalPlace, block: Block)] {
    var merged: [(place: ExternalPlace, end: Int)] = []
    for (place, count) in kept.sorted(by: { $0.place < $1.place }) {
      if let last = merged.last, last.place.location == place.location,
        place.offset < last.end || place.offset == last.place.offset
      {
        merged[merged.count - 1].end = max(last.end, place.offset + count)
      } else {
        merged.append((place, place.offset + count))
      }
    }
    return merged.map { ($0.place, .kept($0.place.offset..<$0.end, of: $0.place.location)) }
  }

  /// Where the byte at a kept place went.
  func offset(of place: ExternalPlace) -> Int {
    // The last run that starts at or before it.
    let runs = moved[place.location] ?? []
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].from.lowerBound <= place.offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { preconditionFailure("place \(place) was not kept") }
    return runs[low - 1].to + place.offset - runs[low - 1].from.lowerBound
  }

  /// Where an addition went, by the order in which they were added.
  func added(_ number: Int) -> Range<Int> { addedSlots[number] }
}
