import Execution

/// Which stages of a network use each of its buffers, forward and backward.
///
/// All stages forward, the last one first on the way back: a stage that another one follows in this order gets from it the
/// content of a buffer as the other one leaves it.
struct StageUse {
  /// Who uses one buffer.
  private struct Use {
    /// The first and the last stage whose forward calls write it.
    var firstForwardWriter = Int.max
    var lastForwardWriter = -1
    /// The last stage whose forward calls write or read it.
    var lastForwardUser = -1
    /// The last stage whose backward calls write it.
    var lastBackwardWriter = -1
    /// The first and the last stage whose backward calls write or read it.
    var firstBackwardUser = Int.max
    var lastBackwardUser = -1
  }

  private var uses: [Use]

  /// Follows the buffers of a network through all calls.
  init(_ steps: NetworkSteps, stages: NetworkStages) {
    let compiler = steps.compiler
    uses = [Use](repeating: Use(), count: compiler.sizes.count)
    for input in steps.inputs { write(input.buffer, stage: 0, isBackward: false) }
    for constant in compiler.constants {
      write(constant.buffer, stage: constant.stage, isBackward: constant.step >= steps.boundary)
    }
    for (index, step) in compiler.steps.enumerated() {
      let isBackward = index >= steps.boundary
      for buffer in step.step.reads { read(buffer, stage: step.stage, isBackward: isBackward) }
      for buffer in step.step.writes { write(buffer, stage: step.stage, isBackward: isBackward) }
    }
    let last = stages.count - 1
    for reading in steps.outputs + (steps.head.map { [$0] } ?? []) {
      read(reading.buffer, stage: last, isBackward: false)
    }
    if let gradient = steps.headGradient { write(gradient, stage: last, isBackward: true) }
    for input in steps.inputGradients {
      if let gradient = input.gradient { read(gradient, stage: 0, isBackward: true) }
    }
  }

  private mutating func read(_ buffer: BufferID, stage: Int, isBackward: Bool) {
    if isBackward {
      uses[buffer.index].firstBackwardUser = min(uses[buffer.index].firstBackwardUser, stage)
      uses[buffer.index].lastBackwardUser = max(uses[buffer.index].lastBackwardUser, stage)
    } else {
      uses[buffer.index].lastForwardUser = max(uses[buffer.index].lastForwardUser, stage)
    }
  }

  /// A write may be of a part, and so counts as a reading of the rest.
  private mutating func write(_ buffer: BufferID, stage: Int, isBackward: Bool) {
    read(buffer, stage: stage, isBackward: isBackward)
    if isBackward {
      uses[buffer.index].lastBackwardWriter = max(uses[buffer.index].lastBackwardWriter, stage)
    } else {
      uses[buffer.index].firstForwardWriter = min(uses[buffer.index].firstForwardWriter, stage)
      uses[buffer.index].lastForwardWriter = max(uses[buffer.index].lastForwardWriter, stage)
    }
  }

  /// The stage whose backward calls write a buffer; the last of them.
  func backwardWriter(of buffer: BufferID) -> Int { uses[buffer.index].lastBackwardWriter }

  /// The buffers that a stage hands to the one behind, ascending: what it or one before it has computed, and one behind it
  /// uses on either way.
  func valuesHandedOn(by stage: Int) -> [BufferID] {
    uses.indices.filter { index in
      let use = uses[index]
      return use.firstForwardWriter <= stage && max(use.lastForwardUser, use.lastBackwardUser) > stage
    }.map { BufferID(index: $0) }
  }

  /// The buffers that a stage hands to the one before on the way back, ascending: what it or one behind it has written on
  /// either way, and one before it uses on the way back.
  func gradientsHandedBack(by stage: Int) -> [BufferID] {
    uses.indices.filter { index in
      let use = uses[index]
      return max(use.lastForwardWriter, use.lastBackwardWriter) >= stage && use.firstBackwardUser < stage
    }.map { BufferID(index: $0) }
  }
}
