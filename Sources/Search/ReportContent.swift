public import Channels
public import Configuration

/// What the report of a search shows: everything that is drawn or told there, and nothing of how.
///
/// It is made from what a search leaves on disk and from the structure of its network, so that the page can be made again
/// at any time. Only `run` differs from run to run.
public struct ReportContent: Sendable {
  /// One layer and what becomes of it.
  public struct Layer: Sendable {
    /// The ONNX node name.
    public let name: String
    /// The ONNX op type.
    public let opType: String
    /// The channel groups of its outputs.
    public let groups: [Int]
    /// Output channels before.
    public let channels: Int
    /// Output channels after.
    public let kept: Int
    /// The least and the largest prune ratio that resamples of the calibration data gave; `nil` where none were made.
    public let interval: ClosedRange<Double>?
    /// The widths that were chosen; `nil` where none were to be chosen.
    public let bits: LayerBits?
    /// Whether none of its channels may go.
    public let staysWhole: Bool
    /// What it costs before and after, in the order of `metrics`.
    public let costs: [Change]

    /// Channels that go ÷ channels.
    public var pruneRatio: Double { channels == 0 ? 0 : Double(channels - kept) / Double(channels) }
  }

  /// A cost before and after.
  public struct Change: Sendable {
    /// Per sample, unpruned.
    public let before: Double
    /// Per sample, pruned.
    public let after: Double

    /// Cost before ÷ cost after.
    public var ratio: Double { after == 0 ? (before == 0 ? 1 : .infinity) : before / after }
  }

  /// Why channels stay, and which layers' those are.
  public struct Obstacle: Sendable {
    /// Indices into `layers`.
    public let layers: [Int]
    /// What keeps the channels.
    public let cause: String
    /// The node that does, with its op type; `nil` where it is the configuration.
    public let place: (name: String, opType: String)?
    /// What would free them; `nil` when nothing short of another model does.
    public let unlock: String?
  }

  /// What one channel group loses at every count that it may keep.
  public struct Group: Sendable {
    /// Its number.
    public let id: Int
    /// The layers that make its channels: indices into `layers`.
    public let layers: [Int]
    /// Units before.
    public let unitCount: Int
    /// The counts that it may keep, descending, each with the sum of the sensitivities of what goes.
    public let steps: [(kept: Int, loss: Double)]
    /// Units after.
    public let kept: Int
  }

  /// One network of an evaluation.
  public struct Evaluation: Sendable {
    /// What it is called: `original`, `pruned`, `repaired`.
    public let name: String
    /// Samples evaluated.
    public let sampleCount: Int
    /// Their mean loss.
    public let meanLoss: Double
    /// Share classified as labelled; `nil` without class labels.
    public let accuracy: Double?
  }

  /// The network's name.
  public let model: String
  /// The model file's SHA-256.
  public let modelDigest: String
  /// What was asked for, the main target first; empty where the config list alone says what goes.
  public let targets: [SearchConfiguration.Target]
  /// The whole network's costs.
  public let costs: [(metric: SearchConfiguration.Metric, change: Change)]
  /// What the plan is predicted to lose, and what was measured of it.
  public let solution: Solution
  /// The criterion, as the configuration has it.
  public let criterion: Criterion
  /// Samples that it was measured on, their mean loss and accuracy, unpruned; the latter two `nil` where not known.
  public let calibration: (sampleCount: Int, meanLoss: Double?, accuracy: Double?)
  /// The networks that were evaluated, the original first; empty unless the pruned model was made.
  public let evaluations: [Evaluation]
  /// The layers in graph order.
  public let layers: [Layer]
  /// The metrics of the layers' costs, the one that the plan was made by first.
  public let metrics: [CostMetric]
  /// How the layers follow each other.
  public let graph: LayerGraph
  /// The channel groups that may lose units.
  public let groups: [Group]
  /// Why layers lose nothing.
  public let obstacles: [Obstacle]
  /// The curve of loss over compression, or why there is none.
  public let curve: Curve
  /// How the search ran.
  public let run: Run

  /// The plan's losses, as `ratios.json` tells them.
  public struct Solution: Sendable {
    /// The solver's name.
    public let method: String
    /// Steps that the network was measured anew for, each after what the one before had removed.
    public let steps: Int
    /// What the changes are in; measured ones are losses.
    public let unit: PredictionUnit
    /// The estimated loss change of all that goes.
    public let predictedLossChange: Double
    /// What the plan minimises.
    public let objective: Double
    /// What no admissible plan's objective goes below; `nil` where nothing is proven.
    public let lowerBound: Double?
    /// (objective − bound) ÷ objective; `nil` where nothing is proven.
    public let gap: Double?
    /// The change of the calibration loss once all that was removed; `nil` until it is measured.
    public let measuredLossChange: Double?
    /// The same of the network as written, repaired.
    public let repairedLossChange: Double?
  }

  /// What a channel's removal was judged by.
  public struct Criterion: Sendable {
    /// The method, as the configuration spells it.
    public let method: String
    /// What its numbers are.
    public let unit: PredictionUnit
    /// Whether the losses of single units add up to that of a set.
    public let isAdditive: Bool
    /// Whether they are the upper ends of error bars.
    public let isUpperEnd: Bool
    /// Whether it goes by the weights alone: no sample was run for it.
    public let isOfWeights: Bool
    /// Whether resamples of the calibration data could give error bars.
    public let canBeResampled: Bool
  }

  /// The curve of loss over compression.
  public enum Curve: Sendable {
    /// Its points, and the plan of each.
    case drawn(StoredFrontier)
    /// There is none.
    case absent(CurveAbsence)

    /// Whether there is one.
    var isDrawn: Bool { if case .drawn = self { true } else { false } }
  }

  /// How a search ran: what differs from run to run.
  public struct Run: Sendable {
    /// One rank.
    public struct Rank: Sendable {
      /// Where it ran.
      public let host: String
      /// Its threads.
      public let workers: Int
      /// Pieces of work computed.
      public let pieces: Int
      /// Seconds of its workers with and without work.
      public let busySeconds, idleSeconds: Double
      /// Bytes, at the most.
      public let peakMemory: Int
    }

    /// The program's version.
    public let version: String
    /// The ranks.
    public let ranks: [Rank]
    /// The phases in order.
    public let phases: [(name: String, seconds: Double)]
    /// What computed, and what carried messages.
    public let executor, transport: String
    /// How often the search was started.
    public let attempts: Int
    /// When it was started for the last time: UTC, ISO 8601.
    public let started: String
    /// Pieces of work found in the checkpoint, and computed.
    public let pieces: (restored: Int, computed: Int)
    /// How ranks hold the network's stages, where they do.
    public let grid: String?
    /// The model's files and those of the data, each with its SHA-256.
    public let inputs: [FileDigest]
    /// The configuration as resolved.
    public let configuration: String
  }
}

/// Why a search draws no curve.
public enum CurveAbsence: Hashable, Sendable {
  /// The configuration names no target, whose metric it would be in.
  case noTarget
  /// The solver goes by evaluations of the network, of which there is one for each layer and ratio.
  case measured
  /// The network was measured anew in every step.
  case steps
  /// Losses of sets of so many units on so many samples take long; asked for, it is drawn.
  case laborious

  /// Why, behind a colon.
  public var reason: String {
    switch self {
    case .noTarget: "the configuration asks for no ratio of the whole network"
    case .measured: "\"measured\" goes by evaluations of pruned networks, and other ratios would need others"
    case .steps: "it measured the network anew in every step, and a curve is made of what is measured once"
    case .laborious: "with losses of sets of channels it takes long"
    }
  }
}

/// What makes a page of a report's content.
public protocol ReportFormat: Sendable {
  /// The page, whole, as UTF-8.
  func page(of content: ReportContent) -> [UInt8]
}
