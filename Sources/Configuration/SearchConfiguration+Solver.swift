extension SearchConfiguration {
  /// How the search is solved.
  public struct Solver: Hashable, Sendable {
    /// The algorithm.
    public let method: Method
    /// Kept channel counts are multiples of this.
    public let channelMultiple: Int
    /// The only kept channel counts that the search may choose beside all channels, ascending; empty for any.
    public let channelWidths: [Int]
    /// The fewest units that the search keeps of a channel group.
    public let minChannels: Int
    /// Steps in which the target is approached; before each the sensitivities are measured anew.
    public let iterations: Int
    /// Whether sensitivities are taken at the upper end of their error bars.
    public let robust: Bool
    /// The program of `external`; `nil` for every other method.
    public let plugin: Plugin?

    /// What holds where the file says nothing.
    public static let standard = Solver(
      method: .optimal, channelMultiple: 1, channelWidths: [], minChannels: 1, iterations: 1, robust: false,
      plugin: nil)

    /// An algorithm.
    public enum Method: String, CaseIterable, Sendable {
      /// The least predicted loss, with a proven bound.
      case optimal
      /// Lowest sensitivity per gain first.
      case greedy
      /// The least ratios whose measured scores stay above a common floor.
      case measured
      /// What a program of the user's says.
      case external
    }
  }

  /// How the solver `measured` evaluates pruned layers.
  public struct Measured: Hashable, Sendable {
    /// A layer is evaluated at keep ratios i ÷ candidates, i = 1 … candidates − 1.
    public let candidates: Int
    /// What an evaluation gives.
    public let score: Score
    /// Whether the scores of a layer are made monotone by isotonic regression.
    public let monotonicFit: Bool
    /// Scores of an earlier run, which are not measured again.
    public let savedScores: FileReference?

    /// What holds where the file says nothing.
    public static let standard = Measured(candidates: 10, score: .loss, monotonicFit: false, savedScores: nil)

    /// What an evaluation gives.
    public enum Score: String, CaseIterable, Sendable {
      /// The loss of the calibration samples, negated: larger is better.
      case loss
      /// The share of them classified as labelled.
      case accuracy
    }
  }
}

extension SearchConfiguration.Solver {
  static let channels = 1...(1 << 20)
  static let steps = 1...100

  init(_ place: LocatedJSON?) throws(ConfigurationError) {
    let members = try place?.members(ConfigurationKeys.solver, advice: ConfigurationKeys.advice)
    let standard = Self.standard
    method = try members?["method"]?.choice() ?? standard.method
    channelMultiple = try members?["channel_multiple"]?.integer(in: Self.channels) ?? standard.channelMultiple
    minChannels = try members?["min_channels"]?.integer(in: Self.channels) ?? standard.minChannels
    iterations = try members?["iterations"]?.integer(in: Self.steps) ?? standard.iterations
    robust = try members?["robust"]?.boolean() ?? standard.robust
    plugin = try SearchConfiguration.Plugin(members, isExternal: method == .external)
    var widths: [Int] = []
    if let place = members?["channel_widths"] {
      for element in try place.elements() {
        let width = try element.integer(in: Self.channels)
        guard widths.last.map({ $0 < width }) ?? true else {
          throw element.error("\(width) stands behind \(widths.last ?? 0), expected ascending widths")
        }
        widths.append(width)
      }
      guard !widths.isEmpty else { throw place.error(expected: "at least one width") }
      if channelMultiple > 1, let multiple = members?["channel_multiple"] {
        throw multiple.error("\"channel_multiple\" and \"channel_widths\" exclude each other")
      }
    }
    channelWidths = widths
    if method == .measured, iterations > 1, let place = members?["iterations"] {
      throw place.error("\"measured\" evaluates pruned layers and takes no iterations")
    }
    if method == .measured, robust, let place = members?["robust"] {
      throw place.error("\"measured\" goes by evaluations, which have no error bars")
    }
  }

  var json: JSONValue {
    var object: JSONObject = [
      "method": .string(method.rawValue)
    ]
    plugin?.write(to: &object)
    object["channel_multiple"] = .integer(channelMultiple)
    if !channelWidths.isEmpty { object["channel_widths"] = .array(channelWidths.map(JSONValue.integer)) }
    object["min_channels"] = .integer(minChannels)
    object["iterations"] = .integer(iterations)
    object["robust"] = .boolean(robust)
    return .object(object)
  }
}

extension SearchConfiguration.Measured {
  static let candidateCounts = 2...1000

  init(_ place: LocatedJSON?, relativeTo directory: String) throws(ConfigurationError) {
    let members = try place?.members(ConfigurationKeys.measured, advice: ConfigurationKeys.advice)
    let standard = Self.standard
    candidates = try members?["candidates"]?.integer(in: Self.candidateCounts) ?? standard.candidates
    score = try members?["score"]?.choice() ?? standard.score
    monotonicFit = try members?["monotonic_fit"]?.boolean() ?? standard.monotonicFit
    if let place = members?["saved_eval_scores"] {
      savedScores = try FileReference(place, relativeTo: directory, expected: "the path of a file of scores")
    } else {
      savedScores = nil
    }
  }

  var json: JSONValue {
    var object: JSONObject = [
      "candidates": .integer(candidates),
      "score": .string(score.rawValue),
      "monotonic_fit": .boolean(monotonicFit),
    ]
    object["saved_eval_scores"] = savedScores.map { .string($0.text) }
    return .object(object)
  }
}
