import Allocation
import Channels
import Configuration
import Foundation
import ProgramRuns
import Testing

@testable import Search

/// The table of latencies: its file, its staircase, and what it costs a network.
struct LatencyTableTests {
  private static let machine = LatencyMachine(processor: "P", executor: "E 1.0", batchSize: 2)

  /// A table with every cell of some ladders for every layer of a network; no two times are equal, wider ones are longer.
  private static func filled(_ structure: ChannelStructure, rungs: Int = 3) -> LatencyTable {
    var table = LatencyTable(file: "latency.json", machine: machine)
    for piece in ProfilePlan(structure, table, rungs: rungs).pieces {
      for outputs in piece.outputs {
        table.record(
          1000 + 100 * piece.inputs * outputs + piece.shape.inputs, piece.shape, inputs: piece.inputs, outputs: outputs)
      }
    }
    return table
  }

  @Test func `a table survives its file, and the file does not depend on the order of recording`() throws {
    let network = try BranchedNetwork()
    let table = Self.filled(network.structure)
    let text = table.json.text()
    let again = try LatencyTable(parsing: Array(text.utf8), file: "latency.json")
    #expect(again == table)
    #expect(again.json.text() == text)
    var backwards = LatencyTable(file: "latency.json", machine: Self.machine)
    for shape in table.shapes.reversed() {
      for row in table.rows(of: shape).reversed() {
        for (outputs, time) in zip(row.outputs, row.nanoseconds).reversed() {
          backwards.record(time, shape, inputs: row.inputs, outputs: outputs)
        }
      }
    }
    #expect(backwards.json.text() == text)
  }

  private static let whole = """
    {"format_version": 1, "machine": {"processor": "P", "executor": "E", "threads": 1, "batch_size": 1},
     "entries": [{"kind": "Conv", "kernel": [3, 3], "strides": [1, 1], "dilations": [1, 1], "pads": [1, 1, 1, 1],
       "groups": 2, "input_extents": [8, 8], "output_extents": [8, 8], "repetitions": 1, "inputs": 8, "outputs": 6,
       "bias": true, "rows": [{"inputs": 2, "outputs": [2, 6], "nanoseconds": [10, 20]},
                              {"inputs": 8, "outputs": [2, 6], "nanoseconds": [30, 40]}]}]}
    """

  /// What is changed into what, and what the error says.
  private static let damages: [(from: String, to: String, text: String)] = [
    ("[10, 20]", "[10, NaN]", "line 4, column 80: not JSON: expected a value, found NaN"),
    ("[10, 20]", "[10, -20]", "$.entries[0].rows[0].nanoseconds[1]: expected a time in nanoseconds"),
    ("[10, 20]", "[10, 0]", "$.entries[0].rows[0].nanoseconds[1]"),
    ("[10, 20]", "[10, 1e300]", "$.entries[0].rows[0].nanoseconds[1]"),
    ("[10, 20]", "[10, 2.5]", "$.entries[0].rows[0].nanoseconds[1]"),
    ("[10, 20]", "[10]", "$.entries[0].rows[0].nanoseconds: expected 2 times"),
    ("[10, 20]", "null", "$.entries[0].rows[0].nanoseconds: expected an array of times, found null"),
    (#""outputs": [2, 6], "nanoseconds": [30"#, #""outputs": [6, 2], "nanoseconds": [30"#, "expected a width above 6"),
    (#""outputs": [2, 6], "nanoseconds": [30"#, #""outputs": [2, 2], "nanoseconds": [30"#, "expected a width above 2"),
    (#""outputs": [2, 6], "nanoseconds": [30"#, #""outputs": [2, 8], "nanoseconds": [30"#, "from 2 to 6"),
    (#""outputs": [2, 6], "nanoseconds": [30"#, #""outputs": [3, 6], "nanoseconds": [30"#, "a multiple of 2"),
    (#""outputs": [2, 6], "nanoseconds": [30, 40]"#, #""outputs": [], "nanoseconds": []"#, "at least one width"),
    (#"{"inputs": 8, "outputs": [2"#, #"{"inputs": 2, "outputs": [2"#, "rows[1].inputs: expected a width above 2"),
    (#"{"inputs": 8, "outputs": [2"#, #"{"inputs": 10, "outputs": [2"#, "from 2 to 8"),
    (#""inputs": 8, "outputs": 6"#, #""inputs": 7, "outputs": 6"#, "$.entries[0].inputs: expected a multiple of the 2"),
    (#""groups": 2"#, #""groups": 0"#, "$.entries[0].groups"),
    (#""kind": "Conv""#, #""kind": "Pool""#, "$.entries[0].kind"),
    (#""bias": true, "#, "", #"the key "bias" is missing"#),
    (#""bias": true"#, #""bios": true"#, "$.entries[0].bios: unknown key"),
    (#""format_version": 1"#, #""format_version": 2"#, "$.format_version"),
    (#""threads": 1"#, #""threads": 2"#, "$.machine.threads"),
    (#""batch_size": 1"#, #""batch_size": 0"#, "$.machine.batch_size"),
    (#"[8, 8], "output"#, #"[8, -8], "output"#, "$.entries[0].input_extents[1]"),
    (#""entries": ["#, #""entries": [["#, "not JSON: expected ',' or ']'"),
    (whole, "", "the end of the file"),
  ]

  @Test(arguments: damages.indices)
  func `a damaged table is refused with its place`(_ index: Int) throws {
    _ = try LatencyTable(parsing: Array(Self.whole.utf8), file: "latency.json")
    let damage = Self.damages[index]
    let text = Self.whole.replacingOccurrences(of: damage.from, with: damage.to)
    #expect(text != Self.whole)
    do {
      _ = try LatencyTable(parsing: Array(text.utf8), file: "latency.json")
      Issue.record("accepted: \(damage.to)")
    } catch let error as SearchError {
      #expect(error.kind == .badContent)
      #expect(error.description.hasPrefix("latency.json: "))
      #expect(error.description.contains(damage.text), "\(error)")
    }
  }

  @Test func `a second entry of one shape is refused`() throws {
    let start = try #require(Self.whole.range(of: #"{"kind""#)).lowerBound
    let end = try #require(Self.whole.range(of: "]}]}")).upperBound
    let entry = Self.whole[start..<Self.whole.index(end, offsetBy: -2)]
    let text = Self.whole.replacingOccurrences(of: entry, with: "\(entry), \(entry)")
    #expect(throws: SearchError.self) { try LatencyTable(parsing: Array(text.utf8), file: "latency.json") }
  }

  @Test func `a width between two timed ones takes what the next wider takes`() {
    let grid = LatencyGrid(inputs: [2, 4], outputs: [8, 16, 24], nanoseconds: [[10, 20, 30], [11, 25, 35]])
    #expect(grid.time(inputs: 1, outputs: 1) == 10)
    #expect(grid.time(inputs: 2, outputs: 8) == 10)
    #expect(grid.time(inputs: 2, outputs: 9) == 20)
    #expect(grid.time(inputs: 3, outputs: 8) == 11)
    #expect(grid.time(inputs: 4, outputs: 24) == 35)
  }

  @Test func `an entry that a wider one undercuts counts as that`() {
    // 16 wide takes longer than 32 wide, as kernels have it where vectors are not filled.
    let grid = LatencyGrid(inputs: [1, 2], outputs: [8, 16, 32], nanoseconds: [[10, 70, 40], [20, 60, 50]])
    #expect(grid.leastOfWider == [[10, 40, 40], [20, 50, 50]])
    let lower = LatencyGrid(inputs: [1, 2], outputs: [8, 16], nanoseconds: [[30, 40], [20, 50]])
    #expect(lower.leastOfWider == [[20, 40], [20, 50]])
  }

  @Test func `the terms are the layers' entries, in milliseconds per sample`() throws {
    let network = try BranchedNetwork()
    let (structure, costs) = (network.structure, network.costs)
    var table = LatencyTable(file: "latency.json", machine: Self.machine)
    for layer in structure.layers {
      let shape = LayerShape(layer)
      for inputs in shape.isDepthwise ? [1] : [shape.groups, shape.inputs] {
        for outputs in [shape.units.outputs, shape.outputs] {
          table.record(1_000_000 * inputs + 1000 * outputs, shape, inputs: inputs, outputs: outputs)
        }
      }
    }
    // a 3→8, b 8→8, c 8→12, g 12→8 in 2 groups, d 8 depthwise (inputs count as 1), e 8→10, p 4→5, r 8→6, q 6→5,
    // t 5→7, head 7→3: Σ inputs = 3+8+8+12+1+8+4+8+6+5+7 = 70, Σ outputs = 8+8+12+8+8+10+5+6+5+7+3 = 80.
    // 70 ms + 80 µs in batches of 2.
    let whole = try table.milliseconds(structure, costs, model: "m.onnx", kept: costs.unitCounts)
    #expect(abs(whole - 35.04) < 1e-9)
    let terms = try table.terms(for: structure, costs, model: "m.onnx")
    #expect(terms.count == structure.layers.count)
    #expect(abs(terms.reduce(0) { $0 + $1.value(costs.unitCounts) } - 35.04) < 1e-9)

    // One unit less of a's group: the entries of a, b, c and what else reads or makes them are still the full ones, as no
    // width between 1 and full was timed. With one unit left, a makes 1, b reads and makes 1, c reads 1.
    var kept = costs.unitCounts
    kept[network.group("a")] -= 1
    #expect(try table.milliseconds(structure, costs, model: "m.onnx", kept: kept) == whole)
    kept[network.group("a")] = 1
    // inputs: b 8→1, c 8→1: 14 ms less; outputs: a, b 8→1: 14 µs less; halved by the batch.
    let least = try table.milliseconds(structure, costs, model: "m.onnx", kept: kept)
    #expect(abs(least - (35.04 - 7.007)) < 1e-9)
  }

  @Test func `a layer that the table lacks is named with the command that fills it`() throws {
    let network = try BranchedNetwork()
    let (structure, costs) = (network.structure, network.costs)
    let table = Self.filled(structure)
    _ = try table.terms(for: structure, costs, model: "m.onnx")
    func complaint(_ table: LatencyTable) throws -> String {
      do {
        _ = try table.terms(for: structure, costs, model: "m.onnx")
        return ""
      } catch let error as SearchError {
        return error.description
      }
    }
    let command = "`prune-cluster profile m.onnx --output latency.json`"
    let layer = structure.layers[network.layer("c")]
    let shape = LayerShape(layer)
    func without(_ isLost: (_ inputs: Int, _ outputs: Int) -> Bool) -> LatencyTable {
      var left = LatencyTable(file: table.file, machine: table.machine)
      for other in table.shapes {
        for row in table.rows(of: other) {
          for (outputs, time) in zip(row.outputs, row.nanoseconds)
          where other != shape || !isLost(row.inputs, outputs) {
            left.record(time, other, inputs: row.inputs, outputs: outputs)
          }
        }
      }
      return left
    }
    for (lost, text) in [
      (without { _, _ in true }, "has no times of layer 'c'"),
      (without { inputs, _ in inputs == 8 }, "lacks times of the full width of layer 'c'"),
      (without { _, outputs in outputs == 12 }, "lacks times of the full width of layer 'c'"),
      (without { inputs, _ in inputs != 8 }, "full width only, of a side that can be pruned, of layer 'c'"),
    ] {
      let found = try complaint(lost)
      #expect(found.contains(text) && found.contains(command), "\(found)")
    }
  }
}

/// The widths that are timed.
struct WidthLadderTests {
  @Test(arguments: [1, 2, 3, 7, 16, 17, 24, 64, 100, 256, 512, 2048, 25088], [2, 3, 8, 16, 64])
  func `a ladder ascends to the full width in multiples of the unit, and is no longer than asked`(
    _ count: Int, _ rungs: Int
  ) {
    for unit in [1, 3, 32] {
      let widths = WidthLadder(full: count * unit, unit: unit, canShrink: true, rungs: rungs).widths
      #expect(widths == Set(widths).sorted())
      #expect(widths.last == count * unit)
      #expect(widths.count <= rungs && widths.count >= min(count, 2))
      #expect(widths.allSatisfy { $0 > 0 && $0 % unit == 0 })
    }
    #expect(WidthLadder(full: count, unit: 1, canShrink: false, rungs: rungs).widths == [count])
  }

  @Test func `narrow layers are timed at every width, wider ones at multiples of a vector`() {
    #expect(WidthLadder(full: 6, unit: 1, canShrink: true, rungs: 16).widths == [1, 2, 3, 4, 5, 6])
    #expect(
      WidthLadder(full: 64, unit: 1, canShrink: true, rungs: 16).widths
        == [1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64])
    #expect(
      WidthLadder(full: 250, unit: 1, canShrink: true, rungs: 16).widths
        == [1, 2, 4, 8, 16, 32, 64, 96, 128, 160, 192, 224, 250])
  }
}
