/// What one search is asked to do: the content of `config.json`, checked, with every default filled in.
///
/// Whatever can be checked without opening another file is checked here; the names of layers are checked against a
/// network by `selection(of:)` and `bitWidths(of:)`.
public struct SearchConfiguration: Hashable, Sendable {
  /// The configuration file, as errors name it.
  public let file: String

  /// The directory of the configuration file, where relative paths start; empty for the working directory.
  public let directory: String

  /// The ONNX model.
  public let model: FileReference

  /// The data on which the sensitivities are measured; `nil` for none, which criteria of weights alone can do without.
  public let calibration: Calibration?

  /// The data on which networks are evaluated; `nil` for those of `calibration`.
  public let evaluation: SampleData?

  /// The loss whose change a removed channel is judged by.
  ///
  /// Default: `crossEntropy` when there are labels, else `agreement`.
  public let loss: Loss

  /// How the sensitivity of a channel is measured.
  public let sensitivity: Sensitivity

  /// The widths of numbers, for the bit complexity.
  public let bits: Bits

  /// What the whole network must come down to, the main target first; empty when `layerRules` alone say what is pruned, or
  /// when only `comparison` has targets.
  public let targets: [Target]

  /// The main target.
  public var target: Target? { targets.first }

  /// The table of measured latencies that a target in `latency` is counted by.
  public let latencyTable: FileReference?

  /// The entries of `config_list`, in order.
  public let layerRules: [LayerRule]

  /// How the search is solved.
  public let solver: Solver

  /// How the solver `measured` evaluates pruned layers.
  public let measured: Measured

  /// How a pruned network is repaired without training.
  public let repair: Repair

  /// How a pruned network is made and checked.
  public let apply: Apply

  /// What `compare` runs; `nil` where the file does not say.
  public let comparison: Comparison?

  /// The directory for the result files. Default: `out`.
  public let outputDirectory: FileReference
}

extension SearchConfiguration {
  /// The loss of the calibration samples.
  public enum Loss: String, CaseIterable, Sendable {
    /// Mean cross entropy with the labels as classes.
    case crossEntropy = "cross_entropy"
    /// Mean square of the difference to the labels, which are values of the output's shape.
    case meanSquaredError = "mse"
    /// Mean cross entropy with the class that the unpruned network itself chooses; uses no labels.
    case agreement
  }

  /// Widths of numbers, 1 … 64 bits.
  public struct BitWidths: Hashable, Sendable {
    /// Bits of one element of a layer's input.
    public let activation: Int
    /// Bits of one weight.
    public let weight: Int
  }

  /// The widths of numbers in the network as it will be deployed.
  public struct Bits: Hashable, Sendable {
    /// The widths of all layers that `layers` does not name.
    ///
    /// Default: 8 and 8, the precision such networks are deployed in. With the same widths in all layers they
    /// cancel out of every compression ratio.
    public let network: BitWidths
    /// The widths of single layers, in the order of their names' bytes; a width not given there is the network's.
    public let layers: [LayerBits]
    /// Widths that the solver may choose from, ascending, for activations and weights of every layer that `layers` does
    /// not name; empty where nothing is chosen.
    public let search: [Int]
  }

  /// The widths given for one layer.
  public struct LayerBits: Hashable, Sendable {
    /// A name of the layer, as `op_names` takes it.
    public let name: String
    /// Its width of activations, `nil` for the network's.
    public let activation: Int?
    /// Its width of weights, `nil` for the network's.
    public let weight: Int?
  }

}
