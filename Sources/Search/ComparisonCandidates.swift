import Configuration
import Execution

/// The combinations of a comparison, and which of them can be run: known before anything is measured.
struct ComparisonCandidates {
  /// One combination.
  struct Candidate {
    let combination: SearchConfiguration.Combination
    /// What a search for it would be asked; `nil` where it asks for what does not go together.
    let configuration: SearchConfiguration?
    /// Why it cannot be run; at rank 0, and elsewhere of what does not go together.
    fileprivate(set) var failure: SearchError?
    /// Whether it is run; the same on every rank.
    fileprivate(set) var isRun: Bool
  }

  /// The configuration of the whole.
  let configuration: SearchConfiguration
  private(set) var all: [Candidate]

  init(_ configuration: SearchConfiguration) {
    self.configuration = configuration
    all = configuration.combinations.map { combination in
      do throws(ConfigurationError) {
        let own = try configuration.configuration(of: combination)
        return Candidate(combination: combination, configuration: own, failure: nil, isRun: true)
      } catch {
        let failure = SearchError(.configuration, file: error.file, "\(error.path): \(error.problem)")
        return Candidate(combination: combination, configuration: nil, failure: failure, isRun: false)
      }
    }
  }

  /// What network and data are prepared for first.
  var first: SearchConfiguration? { all.first { $0.isRun }?.configuration }

  /// Why nothing at all can be run; `nil` where something can.
  var failureOfAll: SearchError? { all.contains { $0.isRun } ? nil : all.lazy.compactMap(\.failure).first }

  /// Why a candidate cannot be run, or came to nothing; with the file at fault unless it is the configuration or the model.
  func reason(_ index: Int) -> String? {
    guard let failure = all[index].failure else { return nil }
    return [configuration.file, configuration.model.path].contains(failure.file)
      ? failure.problem : "\(failure.file): \(failure.problem)"
  }

  /// By candidate whether it is run, to be sent.
  var flags: [Int64] {
    get { all.map { $0.isRun ? 1 : 0 } }
    set { for (index, flag) in newValue.enumerated() { all[index].isRun = flag != 0 } }
  }

  /// Notes why those of some candidates that are run have come to nothing.
  mutating func fail(_ indices: some Sequence<Int>, _ failure: SearchError?) {
    for index in indices where all[index].isRun {
      all[index].isRun = false
      all[index].failure = failure.map { failure in
        SearchError(
          failure.kind, file: failure.file,
          configuration.inComparison(failure.problem, all[index].combination))
      }
    }
  }

  /// Checks every combination against network and data; at rank 0.
  /// - Returns: what is prepared for the first that can be run.
  /// - Throws: what is wrong with all of them, or with network and data themselves.
  mutating func prepare(model message: [UInt8], _ format: any ModelFormat) throws -> Preparation {
    var base: Preparation?
    for index in all.indices {
      guard let own = all[index].configuration else { continue }
      do {
        if let base {
          _ = try base.changed(to: own, isSolving: true)
        } else {
          base = try Preparation(own, model: message, format, isSolving: true)
        }
      } catch let error as SearchError where error.kind == .configuration {
        fail([index], error)
      }
    }
    if let base { return base }
    guard let failure = failureOfAll else { preconditionFailure("a comparison has a combination") }
    throw failure
  }
}

/// What a comparison reads before anything is computed, at rank 0.
struct ComparisonInput {
  /// The configuration's text.
  let text: [UInt8]
  let candidates: ComparisonCandidates
  /// What is prepared for the first combination that can be run.
  let base: Preparation
  let source: ModelSource

  /// Reads and checks all but the output.
  /// - Parameters:
  ///   - changes: made to the configuration before it is read.
  ///   - tell: called with what is to be said of images that are skipped.
  init(
    reading path: String, _ changes: [ConfigurationChange], _ format: any ModelFormat,
    tell: (String) -> Void = { _ in }
  ) throws {
    text = try SearchRun.text(
      of: path, changes,
      checking: { asked in
        var candidates = ComparisonCandidates(asked)
        _ = try candidates.prepare(model: format.read(modelOf: asked).message, format)
      }, tell: tell)
    let configuration = try SearchConfiguration(parsing: text, file: path)
    var candidates = ComparisonCandidates(configuration)
    source = try format.read(modelOf: configuration)
    base = try candidates.prepare(model: source.message, format)
    self.candidates = candidates
    if let network = base.network {
      _ = try CalibrationData(configuration, .evaluation).matched(to: network, loss: Loss(configuration.loss))
    }
  }
}
