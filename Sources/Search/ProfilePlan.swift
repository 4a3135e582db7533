import Channels

/// What is to be timed: the cells that a table lacks of a network's layers.
struct ProfilePlan {
  /// One input width of one shape: what a rank does in one go.
  struct Piece: Sendable, Hashable {
    let shape: LayerShape
    let inputs: Int
    /// The output widths that have no time yet, ascending.
    let outputs: [Int]

    /// Multiplications of one sample at all its widths.
    var macs: Double { outputs.reduce(0) { $0 + shape.macs(inputs: inputs, outputs: $1) } }
  }

  /// Those that take longest first, so that no rank is left alone with one at the end.
  let pieces: [Piece]
  /// Shapes of the network's layers.
  let shapeCount: Int
  /// Times that the table has of them.
  let knownCount: Int

  /// Plans what a network needs. The widths that a table has of a shape are kept and joined by those of the ladders, so
  /// that all pairs of them are timed.
  init(_ structure: ChannelStructure, _ table: LatencyTable, rungs: Int) {
    var canShrink: [LayerShape: (inputs: Bool, outputs: Bool)] = [:]
    for layer in structure.layers {
      let known = canShrink[LayerShape(layer)] ?? (false, false)
      let own = structure.canShrink(layer)
      canShrink[LayerShape(layer)] = (known.inputs || own.inputs, known.outputs || own.outputs)
    }
    var pieces: [Piece] = []
    for (shape, canShrink) in canShrink.sorted(by: { $0.key < $1.key }) {
      let rows = table.rows(of: shape)
      let inputs = WidthLadder(
        full: shape.fullInputs, unit: shape.units.inputs, canShrink: canShrink.inputs, rungs: rungs)
      let outputs = WidthLadder(
        full: shape.outputs, unit: shape.units.outputs, canShrink: canShrink.outputs, rungs: rungs)
      let allOutputs = rows.reduce(Set(outputs.widths)) { $0.union($1.outputs) }.sorted()
      for input in Set(inputs.widths + rows.map(\.inputs)).sorted() {
        let missing = allOutputs.filter { table.nanoseconds(shape, inputs: input, outputs: $0) == nil }
        if !missing.isEmpty { pieces.append(Piece(shape: shape, inputs: input, outputs: missing)) }
      }
    }
    self.pieces = pieces.sorted { $0.macs > $1.macs }
    shapeCount = canShrink.count
    knownCount = canShrink.keys.reduce(0) { $0 + table.count(of: $1) }
  }

  /// Times to be taken.
  var count: Int { pieces.reduce(0) { $0 + $1.outputs.count } }

  /// Seconds that one rank would take, roughly: a layer is made ready, then run several times at the speed of a common
  /// processor.
  func seconds(batchSize: Int) -> Double {
    let (ready, least, runs, macsPerSecond) = (0.003, 0.006, 9.0, 3e10)
    return pieces.reduce(0.0) { sum, piece in
      piece.outputs.reduce(sum) { sum, outputs in
        let run = piece.shape.macs(inputs: piece.inputs, outputs: outputs) * Double(batchSize) / macsPerSecond
        return sum + ready + max(least, runs * run)
      }
    }
  }
}
