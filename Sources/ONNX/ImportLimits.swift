import Glibc
import Networks

/// What a model file may claim: beyond these it is refused, with an error, before memory or time is spent on it.
///
/// Networks stay far below all of them. docs/limits.md has the list for people.
enum ImportLimits {
  /// Bytes of a model file: the most that a protobuf message can have.
  static let modelBytes = Int(Int32.max)
  /// Fields of all messages of a model together, each of which takes some 200 bytes once it is decoded.
  static let fields = 1 << 22
  /// Nodes of a model, those of subgraphs included; initializers likewise.
  static let nodes = 1 << 18
  /// Attributes of all nodes, with the tensors and graphs in them: a decoded one takes half a kilobyte.
  static let attributes = 1 << 20
  /// Messages in each other. A subgraph lies four messages deeper than what it is in.
  static let nesting = 32
  /// Bytes of the name of a tensor, node, operator or attribute.
  static let nameBytes = 4096
  /// Bytes of such a name with characters beyond ASCII: comparing names puts marks over one letter in order, in a time
  /// that grows with the square of their number.
  static let otherNameBytes = 1024
  /// Characters of an error text.
  static let errorCharacters = 2000

  /// Axes of a tensor; work per node grows with their square.
  static let axes = 64
  /// Elements of one computed value.
  static let valueElements = 1 << 32
  /// Elements in an operand that is a list of axes, extents or sizes; every reader of it copies it.
  static let listElements = 1 << 16
  /// Elements of all arrays made by folding together: enough for the largest network whose weights are all written as
  /// ConstantOfShape (VGG-19), and on a small machine an eighth of its memory at eight bytes each.
  static let foldedElements = min(1 << 28, processMemory / 8 / 8)
  /// Multiply-accumulates of all matrix products that are folded together.
  static let foldedProducts = 1 << 31
  /// Input and output channels of all convolutions and linear layers together.
  static let layerChannels = 1 << 22

  /// Bytes of all external data files of a model together.
  static var externalBytes: Int { processMemory / 2 }

  /// The memory that this process can have: the machine's, or less where its address space is limited.
  static let processMemory: Int = {
    let machine = max(1 << 28, sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, let bytes = Int(exactly: limit.rlim_cur)
    else {
      return machine
    }
    return min(machine, bytes)
  }()
}
