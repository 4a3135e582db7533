import Logging
import MessagePassing

extension WorkSession {
  /// What all ranks find together, kept like a piece of work: where it is stored, none of them looks for it again.
  /// - Parameters:
  ///   - stored: where it is kept, as its piece 0; at rank 0, `nil` elsewhere.
  ///   - length: the number of its elements.
  ///   - find: called on all ranks, or on none; gives it at rank 0.
  /// - Returns: it, at rank 0; `nil` elsewhere.
  /// - Throws: what `find` throws; what is wrong with the device when it cannot be stored.
  public func once(_ stored: StoredPieces?, length: Int, _ find: () throws -> [Double]?) throws -> [Double]? {
    var known: [Double]?
    if let stored, let key = stored.known[0] {
      switch stored.store.load(key, count: length) {
      case .values(let values): known = values
      case .damaged(let path, let problem): logger.warning("\(path): \(problem); it is computed again")
      case .absent: break
      }
    }
    guard try world.broadcast(Int64(known == nil ? 0 : 1), from: 0) == 0 else {
      if known != nil { usage.restored += 1 }
      return known
    }
    let found = try find()
    guard let found else { return nil }
    precondition(found.count == length)
    usage.received += 1
    if let stored, let key = stored.key(0, found) { try stored.store.save(found, as: key) }
    return found
  }
}
