/// One entry of `config_list`: which layers it selects, and what is to happen to them.
///
/// Keys and meaning are those of NNI's pruning config specification (its version 2). An entry selects the layers
/// whose type is in `op_types`, if given, and whose name is in `op_names` or contains one of `op_partial_names`, if
/// either is given; at least one of the three must be. With that it has either `exclude` or one of the sparsity keys:
///
/// - `exclude: true`: the layers keep all channels.
/// - `sparsity_per_layer` (old name `sparsity`), 0 ≤ s < 1: each layer loses this share of its channels.
/// - `total_sparsity`, 0 ≤ s < 1: the layers together lose this share of their parameters.
/// - `max_sparsity_per_layer`, 0 < m ≤ 1: alone, the layers are searched, and none loses more than this share of its
///   channels; beside `total_sparsity` a limit for each layer. Beside `sparsity_per_layer` it must not be less, and
///   then says nothing more.
public struct LayerRule: Hashable, Sendable {
  /// Types of layers as written: of ONNX, of PyTorch, or `default`; empty when any type is meant.
  public let opTypes: [String]

  /// Names of layers; see `LayerIdentity` for what a layer may be called.
  public let opNames: [String]

  /// Parts of names of layers.
  public let opPartialNames: [String]

  /// What happens to the selected layers.
  public let action: Action

  /// What an entry asks for its layers.
  public enum Action: Hashable, Sendable {
    /// They keep all channels.
    case exclude
    /// Each loses this share of its channels.
    case fix(sparsity: Double)
    /// They are searched, and none loses more than this share of its channels.
    case search(maxSparsity: Double)
    /// Together they lose this share of their parameters, and none more than `maxSparsity` of its channels.
    case total(sparsity: Double, maxSparsity: Double?)
  }

  /// An entry that selects something by at least one of the three.
  package init(opTypes: [String] = [], opNames: [String] = [], opPartialNames: [String] = [], action: Action) {
    self.opTypes = opTypes
    self.opNames = opNames
    self.opPartialNames = opPartialNames
    self.action = action
  }

  /// Whether the entry itself says how much is pruned.
  package var setsSparsity: Bool {
    switch action {
    case .fix, .total: true
    case .exclude, .search: false
    }
  }

  /// Whether the entry means nothing without a target for the whole network.
  var onlyLimits: Bool {
    if case .search = action { true } else { false }
  }

  /// The ONNX types that an entry of `op_types` stands for, or `nil` when it is no type of a layer.
  ///
  /// PyTorch's names stand for what its exporter writes; `default` is every type that has weights.
  package static func onnxTypes(of type: String) -> [String]? {
    switch type {
    case "default": ["Conv", "ConvTranspose", "Gemm", "MatMul"]
    case "Conv", "Conv1d", "Conv2d", "Conv3d": ["Conv"]
    case "ConvTranspose", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d": ["ConvTranspose"]
    case "Linear": ["Gemm", "MatMul"]
    case "Gemm", "MatMul": [type]
    default: nil
    }
  }
}

extension LayerRule {
  /// Shares that layers may be told to lose.
  static let sparsities = Interval(from: 0, below: 1)
  /// Shares that layers may be kept from losing.
  static let limits = Interval(above: 0, upTo: 1)

  /// What `op_types` may hold.
  package static let knownTypes = [
    "Conv", "ConvTranspose", "Gemm", "MatMul", "Linear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d",
    "ConvTranspose2d", "ConvTranspose3d", "default",
  ]

  /// The entries of `config_list`; none when it is left out.
  package static func rules(_ list: LocatedJSON?) throws(ConfigurationError) -> [LayerRule] {
    var rules: [LayerRule] = []
    for entry in try list?.elements(expected: "an array of entries, each an object") ?? [] {
      rules.append(try LayerRule(entry))
    }
    return rules
  }

  init(_ entry: LocatedJSON) throws(ConfigurationError) {
    let members = try entry.members(ConfigurationKeys.rule, advice: ConfigurationKeys.advice)
    opTypes = try members["op_types"]?.strings() ?? []
    opNames = try members["op_names"]?.strings() ?? []
    opPartialNames = try members["op_partial_names"]?.strings() ?? []
    for (index, type) in opTypes.enumerated() where Self.onnxTypes(of: type) == nil {
      guard let place = try members["op_types"]?.elements()[index] else { continue }
      let nearest = NearestName.of(type, among: Self.knownTypes)
      throw place.error(
        expected: "a type of layers that have weights (Conv, ConvTranspose, Gemm, MatMul, PyTorch's names, or default)"
      ).adding(nearest.map { "did you mean \(quoted($0))?" })
    }
    guard !(opTypes.isEmpty && opNames.isEmpty && opPartialNames.isEmpty) else {
      throw entry.error("selects no layers: expected \"op_types\", \"op_names\" or \"op_partial_names\"")
    }
    action = try Self.action(members)
  }

  private static func action(_ members: LocatedMembers) throws(ConfigurationError) -> Action {
    let sparsityKeys = ["sparsity_per_layer", "sparsity", "total_sparsity", "max_sparsity_per_layer"]
    if let exclude = members["exclude"] {
      if let key = sparsityKeys.first(where: { members[$0] != nil }) {
        throw members.place.error("\"exclude\" and \(quoted(key)) exclude each other")
      }
      guard try exclude.boolean() else {
        throw exclude.error("expected true; leave \"exclude\" out to keep the layers in")
      }
      return .exclude
    }
    let ratios = sparsityKeys.dropLast().filter { members[$0] != nil }
    guard ratios.count <= 1 else {
      throw members.place.error("\(quoted(ratios[0])) and \(quoted(ratios[1])) exclude each other")
    }
    let maxSparsity = try members["max_sparsity_per_layer"]?
      .number(expected: "a number greater than 0 and at most 1", where: Self.limits.contains)
    guard let key = ratios.first, let ratio = members[key] else {
      guard let maxSparsity else {
        throw members.place.error(
          "nothing to do with the layers: expected \"exclude\", \"sparsity_per_layer\", \"total_sparsity\" or "
            + "\"max_sparsity_per_layer\"")
      }
      return .search(maxSparsity: maxSparsity)
    }
    let sparsity = try ratio.number(expected: "a number from 0 to less than 1", where: Self.sparsities.contains)
    if let maxSparsity, sparsity > maxSparsity {
      throw ratio.error("\(sparsity) cannot be reached, as \"max_sparsity_per_layer\" is \(maxSparsity)")
    }
    // Adding zero turns -0.0 into 0.0.
    return key == "total_sparsity"
      ? .total(sparsity: sparsity + 0, maxSparsity: maxSparsity) : .fix(sparsity: sparsity + 0)
  }
}
