import MessagePassing
import WorkSharing

/// The finished pieces of a search's work: what is found, what is stored, and what the search had use for.
///
/// Every rank has one, because all help to read the samples; the store and what is known of it are rank 0's.
/// A class because the steps of a search share it: samples are read for their digests once, whoever asks first.
final class SearchCheckpoint {
  /// Where the pieces are.
  let store: PieceStore
  /// The samples of every shard.
  let ranges: [Range<Int>]
  private let data: MatchedData
  private var digests: [PieceKey?]
  private var used: Set<PieceKey> = []

  init(_ store: PieceStore, _ plan: ShardPlan, _ data: MatchedData) {
    self.store = store
    ranges = plan.shards.indices.map(plan.samples)
    self.data = data
    digests = [PieceKey?](repeating: nil, count: ranges.count)
  }

  /// Has all ranks read the samples whose digests are not known yet; all take part.
  /// - Parameters:
  ///   - workers: of this rank.
  ///   - isNeeded: whether they are read even if nothing at all is stored, so that nothing can be found.
  func readSamples(on session: WorkSession, workers: Int, isNeeded: Bool) throws {
    var missing: [Int64] = []
    if session.world.rank == 0, isNeeded || !store.keys().isEmpty {
      missing = digests.indices.filter { digests[$0] == nil }.map { Int64($0) }
    }
    try session.world.broadcast(&missing, from: 0)
    guard !missing.isEmpty else { return }
    let (data, parts) = (data, missing.map { ranges[Int($0)] })
    var number = 0
    session.phases.begin(.samples, total: parts.reduce(0) { $0 + $1.count }, unit: "sample")
    try session.perform(
      "digest", parts.count, length: PieceKey.packedCount, isCounted: false, by: WorkerPool(count: workers) {},
      progress: { session.phases.advance($0, pieces: parts.count) }
    ) { part, _, pulse in
      try data.digest(of: parts[part], beat: pulse.beat).packed
    } combine: { packed in
      digests[Int(missing[number])] = PieceKey(packed: packed)
      number += 1
    }
  }

  /// The digest of a shard's samples, which are read if that has not been done.
  func digest(of shard: Int) throws -> PieceKey {
    if let digest = digests[shard] { return digest }
    let digest = try data.digest(of: ranges[shard])
    digests[shard] = digest
    return digest
  }

  /// Takes down the digest that came with a shard's result, so that its samples need not be read for it.
  func note(_ digest: PieceKey, of shard: Int) { digests[shard] = digest }

  /// By shard the key of its table, where there is one; `nil` where there is none. As long as nothing at all is stored, no
  /// sample is read.
  /// - Parameter beat: called between shards.
  func keysOfStoredTables(_ basis: MeasurementBasis, beat: () throws -> Void = {}) throws -> [PieceKey?] {
    let stored = store.keys()
    guard !stored.isEmpty else { return [PieceKey?](repeating: nil, count: ranges.count) }
    return try ranges.indices.map { shard in
      try beat()
      let key = basis.key(of: ranges[shard], try digest(of: shard))
      return stored.contains(key) ? key : nil
    }
  }

  /// The shards' tables, each with the digest of its samples in its last numbers.
  func tables(_ basis: MeasurementBasis) throws -> StoredPieces {
    let known = try keysOfStoredTables(basis)
    used.formUnion(known.compactMap { $0 })
    return StoredPieces(in: store, known: known) { [self] shard, values in
      guard let digest = PieceKey(packed: values.suffix(PieceKey.packedCount)) else { return nil }
      let key = basis.key(of: ranges[shard], digest)
      used.insert(key)
      return key
    }
  }

  /// What changed networks do.
  /// - Parameter pieces: of each the change, and the shards that it is evaluated on.
  func evaluations(
    _ basis: MeasurementBasis, _ pieces: [(variant: NetworkVariant, shards: Range<Int>)]
  ) throws -> StoredPieces {
    try parts(basis, pieces.map { ($0.variant.identity, $0.shards) })
  }

  /// What is measured of several shards together.
  /// - Parameter pieces: of each what tells it from others, and its shards.
  func parts(_ basis: MeasurementBasis, _ pieces: [(what: [String], shards: Range<Int>)]) throws -> StoredPieces {
    let keys = try pieces.map { what, shards in
      basis.key(what, on: try shards.map { (ranges[$0], try digest(of: $0)) })
    }
    used.formUnion(keys)
    return StoredPieces(in: store, keys: keys)
  }

  /// Pieces of other kinds, by their keys.
  func pieces(_ keys: [PieceKey]) -> StoredPieces {
    used.formUnion(keys)
    return StoredPieces(in: store, keys: keys)
  }

  /// The key of what depends on all samples.
  /// - Parameter what: tells it from other things of this basis.
  func key(of what: [String], _ basis: MeasurementBasis) throws -> PieceKey {
    basis.key(what, on: try ranges.indices.map { (ranges[$0], try digest(of: $0)) })
  }

  /// What the unchanged network does on every shard.
  /// - Parameter what: tells it from other things that are measured shard by shard.
  func parts(_ basis: MeasurementBasis, _ what: [String]) throws -> StoredPieces {
    let keys = try ranges.indices.map { basis.key(what, of: ranges[$0], try digest(of: $0)) }
    used.formUnion(keys)
    return StoredPieces(in: store, keys: keys)
  }

  /// Removes what this search had no use for, and what killed ones have left half-written.
  /// - Parameter other: of the same store, has use for pieces too.
  func removeOthers(besides other: SearchCheckpoint? = nil) { store.removeAll(except: used.union(other?.used ?? [])) }
}

extension ShardPlan {
  /// The samples of a shard.
  func samples(of shard: Int) -> Range<Int> {
    batches[shards[shard].lowerBound].lowerBound..<batches[shards[shard].upperBound - 1].upperBound
  }
}

extension ResultFiles {
  /// Where finished pieces of work are kept.
  static let checkpointFolder = "checkpoint"

  /// The finished pieces of work.
  var checkpoint: PieceStore { PieceStore(directory: directory + "/" + ResultFiles.checkpointFolder) }
}
