public import ArrayFiles

import Glibc

/// Results of finished pieces of work, kept in files: one per piece, named by its key and written whole or not at all.
///
/// What a run finds here it does not compute again, whoever wrote it: the key holds all that a piece depends on. A file
/// that is not exactly what it should be is damaged and counts for nothing. Only one process writes at a time.
public struct PieceStore: Sendable {
  /// Where the files are.
  public let directory: String

  /// What a name ends with, behind the key.
  private static let ending = ".piece"

  /// A store in a directory, which the first `save` makes.
  public init(directory: String) { self.directory = directory }

  /// What is stored under a key.
  public enum Loaded: Sendable {
    /// The values as they were saved, bit by bit.
    case values([Double])
    /// Nothing.
    case absent
    /// A file that cannot be used: its path, and what was expected and found.
    case damaged(path: String, problem: String)
  }

  /// Reads a piece.
  ///
  /// Nothing is taken from the file but what was expected of it: no more than the bytes of `count` values are read.
  /// - Parameters:
  ///   - key: of the piece.
  ///   - count: how many values the piece has.
  public func load(_ key: PieceKey, count: Int) -> Loaded {
    let path = path(of: key)
    switch SizedFile.read(path, byteCount: PieceFile.byteCount(count)) {
    case .absent: return .absent
    case .unfit(let problem): return .damaged(path: path, problem: problem)
    case .bytes(let bytes):
      do {
        return .values(try PieceFile.values(bytes, key, count: count))
      } catch {
        return .damaged(path: path, problem: error.problem)
      }
    }
  }

  /// Stores a piece, in place of what may be there: once this returns, it outlives a power cut.
  /// - Throws: `cannotBeCreated` when the system does not allow it, `inputOutput` when the device fails or is full; there
  ///   is then no half-written file under the piece's name.
  public func save(_ values: [Double], as key: PieceKey) throws(ArrayFileError) {
    try AtomicFile.makeDirectory(directory)
    try AtomicFile.write(PieceFile.bytes(values, key), to: path(of: key))
  }

  /// The keys under which something is stored; nothing is read, so it may be damaged.
  public func keys() -> Set<PieceKey> { Set(AtomicFile.names(in: directory).compactMap(PieceStore.key)) }

  /// Removes all pieces but some, and temporary files of writers that were killed.
  ///
  /// A name that no piece has is left alone. What cannot be removed stays.
  public func removeAll(except kept: Set<PieceKey>) {
    for key in keys() where !kept.contains(key) { unlink(path(of: key)) }
    AtomicFile.removeLeftovers(in: directory)
  }

  private func path(of key: PieceKey) -> String { "\(directory)/\(key)\(PieceStore.ending)" }

  private static func key(ofName name: String) -> PieceKey? {
    name.hasSuffix(ending) ? PieceKey(hexadecimal: String(name.dropLast(ending.count))) : nil
  }
}
