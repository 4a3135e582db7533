import Execution

/// What a stage takes from its neighbours and hands to them: whole buffers, one behind another.
struct StageTransfers {
  /// A buffer's place in a message.
  struct Item: Hashable {
    /// The buffer.
    let buffer: BufferID
    /// Its bytes in the message.
    let bytes: Range<Int>
  }

  /// Where a buffer's content is when it is handed over.
  enum Source {
    /// In the executor's memory.
    case memory
    /// In the values that the stage before handed over, at these bytes: the stage itself did not write it.
    case values(Range<Int>)
    /// Likewise in the gradients that the stage behind handed over.
    case gradients(Range<Int>)
  }

  /// What comes from the stage before, and for the stage behind.
  let valuesIn: [Item]
  let valuesOut: [(item: Item, source: Source)]
  /// What comes from the stage behind, and for the stage before.
  let gradientsIn: [Item]
  let gradientsOut: [(item: Item, source: Source)]

  /// What a stage takes and hands over.
  /// - Parameters:
  ///   - forwardWrites: the buffers that the stage's forward calls write, and its backward calls.
  init(
    _ use: StageUse, stage: Int, of stages: NetworkStages, sizes: [Int], forwardWrites: Set<BufferID>,
    backwardWrites: Set<BufferID>
  ) {
    func items(_ buffers: [BufferID]) -> [Item] {
      var start = 0
      return buffers.map { buffer in
        defer { start += sizes[buffer.index] }
        return Item(buffer: buffer, bytes: start..<start + sizes[buffer.index])
      }
    }
    let (isFirst, isLast) = (stage == 0, stage == stages.count - 1)
    valuesIn = isFirst ? [] : items(use.valuesHandedOn(by: stage - 1))
    gradientsIn = isLast ? [] : items(use.gradientsHandedBack(by: stage + 1))
    let values = Dictionary(uniqueKeysWithValues: valuesIn.map { ($0.buffer, $0.bytes) })
    let gradients = Dictionary(uniqueKeysWithValues: gradientsIn.map { ($0.buffer, $0.bytes) })
    valuesOut = (isLast ? [] : items(use.valuesHandedOn(by: stage))).map { item in
      if !forwardWrites.contains(item.buffer), let bytes = values[item.buffer] { return (item, .values(bytes)) }
      return (item, .memory)
    }
    // The way back comes later: what the stage behind wrote is newer than what this stage's forward calls did.
    gradientsOut = (isFirst ? [] : items(use.gradientsHandedBack(by: stage))).map { item in
      if !backwardWrites.contains(item.buffer), let bytes = gradients[item.buffer] { return (item, .gradients(bytes)) }
      return (item, .memory)
    }
  }

  /// The buffers that have to keep what is handed on.
  var valuesFromMemory: [BufferID] { Self.fromMemory(valuesOut) }

  /// The buffers that have to keep what is handed back.
  var gradientsFromMemory: [BufferID] { Self.fromMemory(gradientsOut) }

  private static func fromMemory(_ items: [(item: Item, source: Source)]) -> [BufferID] {
    items.compactMap { item, source in
      if case .memory = source { item.buffer } else { nil }
    }
  }

  /// Bytes of each kind.
  var traffic: StageTraffic {
    StageTraffic(
      valuesIn: valuesIn.last?.bytes.upperBound ?? 0, valuesOut: valuesOut.last?.item.bytes.upperBound ?? 0,
      gradientsIn: gradientsIn.last?.bytes.upperBound ?? 0,
      gradientsOut: gradientsOut.last?.item.bytes.upperBound ?? 0)
  }
}
