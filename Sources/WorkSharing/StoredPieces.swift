/// How the pieces of some work are kept over the end of a run: what rank 0 stores, and what it need not compute again.
public struct StoredPieces {
  let store: PieceStore
  /// By piece the key of a result that is expected in the store; `nil` where there is none.
  let known: [PieceKey?]
  /// The key under which a result is stored; what it depends on may come with the result.
  let key: (_ piece: Int, _ values: [Double]) -> PieceKey?

  /// - Parameters:
  ///   - known: by piece the key of a result that may be in the store.
  ///   - key: the key under which a result is stored; `nil` for none.
  public init(
    in store: PieceStore, known: [PieceKey?], key: @escaping (_ piece: Int, _ values: [Double]) -> PieceKey?
  ) {
    self.store = store
    self.known = known
    self.key = key
  }

  /// Pieces whose keys are known before they are computed.
  public init(in store: PieceStore, keys: [PieceKey]) {
    self.init(in: store, known: keys) { piece, _ in keys[piece] }
  }
}
