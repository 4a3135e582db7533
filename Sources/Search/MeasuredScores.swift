import Allocation
import Channels
import Configuration
import Logging
import MessagePassing
import WorkSharing

import Glibc

/// Measures what every channel group is worth at several kept counts, alone pruned: what the method `measured` goes by.
///
/// All ranks take part. Rank 0 alone knows which channels go first, reads scores of earlier runs and writes the new ones.
struct MeasuredScores {
  let evaluation: VariantEvaluation
  let structure: ChannelStructure
  let logger: Logger

  /// What rank 0 measures scores for.
  struct Request {
    /// Its groups say which units go first.
    let problem: AllocationProblem
    /// What the scores depend on.
    let basis: EvaluationBasis
    /// Where they are stored every few seconds, and found again by a run that goes on.
    let path: String
  }

  /// Whether all that is missing is evaluated before a loss that is not finite ends it.
  var outlivesFailures = false

  /// How often scores are stored at the most.
  var interval = Duration.seconds(2)

  private var configuration: SearchConfiguration { evaluation.subject.configuration }

  /// Measures what no file has yet.
  ///
  /// - Parameter request: at rank 0.
  /// - Returns: the allocator that goes by the scores, at rank 0; `nil` elsewhere.
  /// - Throws: `AllocationError.infeasible`, before anything is measured, when no candidates meet the targets;
  ///   `SearchError` when scores of an earlier run are of another model or other data; what evaluations throw;
  ///   `CriterionFailure` for a loss that is not finite, where that ends nothing else.
  func measure(_ request: Request?) throws -> MeasuredAllocator? {
    var known: EvaluationScores?
    var missing: [Candidate] = []
    if let request {
      try MeasuredAllocator.checkReachable(request.problem, candidates: configuration.measured.candidates)
      let counts = keptCounts(request.problem)
      let scores = try stored(request)
      known = scores
      if scores.original == nil { missing.append(Candidate(group: -1, removed: [])) }
      for (index, group) in request.problem.groups.enumerated() {
        for kept in counts[index] where scores[index, kept] == nil {
          missing.append(Candidate(group: index, removed: group.removedUnits(keeping: kept)))
        }
      }
      logger.info(
        "evaluations: \(missing.count) of \(counts.reduce(1) { $0 + $1.count }), samples: \(request.basis.samples)")
      // What was taken from elsewhere is stored here too.
      if missing.isEmpty { try scores.write(to: request.path) }
    }
    missing = try evaluation.session.world.broadcast(missing)
    let variants = try missing.map { try variant($0) }
    let clock = ContinuousClock()
    var written = clock.now
    var failure: SearchError?
    _ = try evaluation.scores(of: variants, keepsNotFinite: outlivesFailures) { number, score in
      guard let request else { return }
      let candidate = missing[number]
      if !score.loss.isFinite {
        failure = failure ?? evaluation.notFinite(variants[number])
      } else if candidate.group < 0 {
        known?.original = score
      } else {
        known?[candidate.group, request.problem.groups[candidate.group].unitCount - candidate.removed.count] = score
      }
      if number + 1 == missing.count || clock.now - written > interval {
        try known?.write(to: request.path)
        written = clock.now
      }
    }
    if let failure { throw CriterionFailure(failure) }
    guard let request, let known else { return nil }
    return allocator(request.problem, known)
  }

  /// The kept counts at which groups are measured, by group.
  private func keptCounts(_ problem: AllocationProblem) -> [[Int]] {
    problem.groups.map { MeasuredAllocator.keptCounts(of: $0, candidates: configuration.measured.candidates) }
  }

  /// The scores of earlier runs: those that the configuration names, and those of a run that was cut short.
  private func stored(_ request: Request) throws -> EvaluationScores {
    var scores = EvaluationScores(request.basis, request.problem)
    var files: [EvaluationScores.Stored] = []
    if access(request.path, F_OK) == 0 {
      let own = try EvaluationScores.Stored(reading: request.path)
      if let difference = request.basis.difference(to: own.basis) {
        logger.info("\(request.path): \(difference): scores of another search, which this one replaces")
      } else {
        files.append(own)
      }
    }
    if let saved = configuration.measured.savedScores, saved.path != request.path || files.isEmpty {
      files.append(try EvaluationScores.Stored(reading: saved.path))
    }
    for file in files {
      let taken = try scores.take(file)
      logger.info(
        "\(file.file): scores taken over: \(taken.used), of other channels, measured anew: \(taken.ofOtherChannels)")
    }
    return scores
  }

  private func variant(_ candidate: Candidate) throws -> NetworkVariant {
    guard candidate.group >= 0 else { return .original }
    return try NetworkVariant(removing: candidate.removed, of: candidate.group, from: structure, configuration)
  }

  private func allocator(_ problem: AllocationProblem, _ known: EvaluationScores) -> MeasuredAllocator? {
    let kind = configuration.measured.score
    guard let original = known.original?.value(kind) else { return nil }
    let candidates = keptCounts(problem).enumerated().map { group, counts in
      counts.compactMap { kept in
        known[group, kept]?.value(kind).map { MeasuredAllocator.Candidate(kept: kept, score: $0) }
      }
    }
    return MeasuredAllocator(
      originalScore: original, candidates: candidates, isFitted: configuration.measured.monotonicFit)
  }
}

extension VariantScore {
  /// The score as a configuration asks for it, larger being better; `nil` where there are no classes to be right about.
  fileprivate func value(_ kind: SearchConfiguration.Measured.Score) -> Double? {
    switch kind {
    case .loss: -loss
    case .accuracy: accuracy
    }
  }
}

/// A group with some units gone; group −1 for the whole network.
private struct Candidate {
  let group: Int
  let removed: [Int]
}

extension Communicator {
  /// Rank 0's candidates, on every rank.
  fileprivate func broadcast(_ candidates: [Candidate]) throws -> [Candidate] {
    var packed = candidates.flatMap { [Int64($0.group), Int64($0.removed.count)] + $0.removed.map(Int64.init) }
    try broadcast(&packed, from: 0)
    var list: [Candidate] = []
    var position = 0
    while position < packed.count {
      let end = position + 2 + Int(packed[position + 1])
      list.append(Candidate(group: Int(packed[position]), removed: packed[position + 2..<end].map { Int($0) }))
      position = end
    }
    return list
  }
}
