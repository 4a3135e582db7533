/// What one search is asked to do: the content of `config.json`, checked, with every default filled in.
///
/// Whatever can be checked without opening another file is checked here; the names of layers are checked against a
/// network by `selection(of:)` and `bitWidths(of:)`.
public struct SearchConfiguration: Hashable, Sendable {
  /// The configuration file, as errors name it.
  public let file: String

  /// The ONNX model.
  public let model: FileReference

  /// The data on which the sensitivities are measured.
  public let calibration: Calibration

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

  /// How much the whole network must shrink; `nil` when `layerRules` alone say what is pruned.
  public let target: Target?

  /// The entries of `config_list`, in order.
  public let layerRules: [LayerRule]

  /// How the search is solved.
  public let solver: Solver

  /// How a pruned network is repaired without training.
  public let repair: Repair

  /// How a pruned network is made and checked.
  public let apply: Apply

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

  /// How the sensitivity of a channel is measured.
  public struct Sensitivity: Hashable, Sendable {
    /// The criterion.
    public let method: Method
    /// The order of the Taylor expansion. This version: 1.
    public let order: Int
    /// What becomes of one value per batch (or sample). Default: `meanAbs`.
    public let reduction: Reduction
    /// What one value is taken over. Default: `batch`.
    public let level: Level

    /// A criterion.
    public enum Method: String, CaseIterable, Sendable {
      /// The expansion of loss(w − w_i).
      case taylor
    }

    /// How the values t of one channel become its sensitivity.
    public enum Reduction: String, CaseIterable, Sendable {
      /// mean |t|
      case meanAbs = "mean_abs"
      /// |mean t|
      case absMean = "abs_mean"
      /// mean t²
      case meanSquare = "mean_square"
    }

    /// What one value t of a channel is taken over.
    public enum Level: String, CaseIterable, Sendable {
      /// The mean loss of one batch.
      case batch
      /// The loss of one sample.
      case sample
    }
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

  /// How much the whole network must shrink.
  public struct Target: Hashable, Sendable {
    /// Cost of the original network ÷ cost of the pruned one, > 1.
    public let compressionRatio: Double
    /// The cost. Default: `bitComplexity`.
    public let metric: Metric
  }

  /// What is counted as cost.
  public enum Metric: String, CaseIterable, Sendable {
    /// FLOPs × bits of an activation × bits of a weight, summed over layers.
    case bitComplexity = "bit_complexity"
    /// Two per multiply-accumulate.
    case flops
    /// Multiply-accumulates.
    case macs
    /// Weights, biases, and scale and shift of normalisations.
    case params
  }

  /// How the search is solved.
  public struct Solver: Hashable, Sendable {
    /// The algorithm. Default: `greedy`.
    public let method: Method
    /// Kept channel counts are multiples of this. Default: 1.
    public let channelMultiple: Int
    /// The fewest units that the search keeps of a channel group. Default: 1.
    public let minChannels: Int

    /// What holds where the file says nothing.
    public static let standard = Solver(method: .greedy, channelMultiple: 1, minChannels: 1)

    /// An algorithm.
    public enum Method: String, CaseIterable, Sendable {
      /// Lowest sensitivity per gain first.
      case greedy
    }
  }
}
