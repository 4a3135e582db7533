/// From when to when each buffer of a list of kernel calls is in use.
struct BufferLifetimes {
  private let sizes: [Int]
  private var uses: [(first: Int, last: Int)?]

  /// When inputs are copied in.
  let start = 0
  /// When the loss stands between the two ways.
  let loss: Int
  /// When all calls are over.
  let end: Int

  /// What the calls themselves use.
  /// - Parameter sizes: by buffer, bytes.
  init(_ sizes: [Int], forward: [CompiledStep], backward: [CompiledStep]) {
    self.sizes = sizes
    uses = [(first: Int, last: Int)?](repeating: nil, count: sizes.count)
    loss = forward.count + 1
    end = forward.count + backward.count + 2
    for (index, step) in forward.enumerated() { use(step.step.reads + step.step.writes, at: index + 1) }
    for (index, step) in backward.enumerated() { use(step.step.reads + step.step.writes, at: loss + index + 1) }
  }

  /// Lets buffers be in use at a time too, and all the time between that and their other uses.
  mutating func use(_ buffers: [BufferID], at time: Int) {
    for buffer in buffers {
      let known = uses[buffer.index] ?? (time, time)
      uses[buffer.index] = (min(known.first, time), max(known.last, time))
    }
  }

  /// Where the buffers lie; `nil` when their sizes overflow.
  var plan: MemoryPlan? {
    MemoryPlan(
      sizes.indices.map { index in
        // A buffer that nobody uses takes no room.
        let used = uses[index]
        return MemoryPlan.Request(
          size: used == nil ? 0 : sizes[index], first: used?.first ?? 0, last: used?.last ?? 0)
      })
  }
}
