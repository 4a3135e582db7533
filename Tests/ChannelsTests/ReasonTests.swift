import Channels
import Networks
import Testing

/// Why channels stay, and what would free them where something would.
struct ReasonTests {
  struct Case: CustomTestStringConvertible {
    let operation: Operation
    var constants: [[Int]] = []
    var extents = [2, 4, 4, 4]
    let cause: String
    let unlock: String?
    var testDescription: String { cause }
  }

  private static let window = LocalResponseNormalization(size: 3, alpha: 1, beta: 1, bias: 1)

  @Test(
    arguments: [
      Case(
        operation: .layerNormalization(axis: 1, epsilon: 0), constants: [[4, 4, 4]],
        cause: "normalises over all channels, so that what stays would change with what goes",
        unlock: "a normalisation of each channel by itself, as batch normalisation is, would free them"),
      Case(
        operation: .groupNormalization(groups: 1, epsilon: 0), constants: [[4], [4]],
        cause: "normalises over all channels, so that what stays would change with what goes",
        unlock: "a normalisation in several groups of channels would free whole groups"),
      Case(
        operation: .localResponseNormalization(window), cause: "normalises each channel by its neighbours",
        unlock: "a normalisation of each channel by itself, as batch normalisation is, would free them"),
      Case(
        operation: .reduce(.mean, axes: [1]), extents: [2, 1, 4, 4], cause: "takes the mean over channels",
        unlock: "a convolution or linear layer with one output there would free them"),
      Case(operation: .softmax(axis: 1, logarithm: false), cause: "normalises over channels", unlock: nil),
      Case(
        operation: .cumulativeSum(axis: 1, isExclusive: false, isReversed: false),
        cause: "sums up one channel after another", unlock: nil),
      Case(
        operation: .pad(Pad(before: [0, 1, 0, 0], behind: [0, 0, 0, 0], mode: .reflect)), extents: [2, 5, 4, 4],
        cause: "repeats channels at the border", unlock: "padding with a constant there would free them"),
    ])
  func `an operation that mixes channels is the reason, and says what would free them`(_ law: Case) throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 4)
    let operands = [a] + law.constants.enumerated().map { b.constant($1, "constant\($0)") }
    let result = b.apply("operation", law.operation, operands, law.extents)
    let head = b.convolve("head", result, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    let reason = try #require(structure.layers[0].reason)
    #expect(reason.place == "operation" && reason.cause == law.cause && reason.unlock == law.unlock)
  }

  @Test func `an output and an input say what would lie between`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 4, 4, 4])
    let sum = b.apply("sum", .binary(.add), [x, b.convolve("a", x, 4)], [2, 4, 4, 4])
    let head = b.convolve("head", sum, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    #expect(structure.layers.map { $0.reason?.opType } == ["input", "output"])
    #expect(
      structure.layers.map { $0.reason?.unlock } == [
        "a convolution or linear layer between the input and them would free them",
        "a convolution or linear layer behind them would free them",
      ])
  }

  @Test func `what is said to free channels does`() throws {
    // The same residual sum with a layer between, and a head behind.
    var b = NetworkBuilder()
    let x = b.input([2, 4, 4, 4])
    let between = b.convolve("between", x, 4)
    let sum = b.apply("sum", .binary(.add), [between, b.convolve("a", x, 4)], [2, 4, 4, 4])
    let behind = b.convolve("behind", b.convolve("head", sum, 2), 2)
    let structure = ChannelStructure(of: try b.network([behind]))
    #expect(structure.layers.map { $0.reason == nil } == [true, true, true, false])
  }
}
