/// Calibration samples cut into pieces, some of which are held out: repairs are computed from the others, and judged by
/// these. What was found good is then computed once more from all.
struct SampleSplit: Hashable, Sendable {
  /// What repairs are computed from.
  let fitted: [Range<Int>]
  /// What decides whether a repair is kept; the fitted samples where there are too few to hold any out.
  let judging: [Range<Int>]
  /// Every sample.
  let all: [Range<Int>]
  /// Whether none of the judging samples is fitted.
  let isHeldOut: Bool

  /// Pieces are batches, or a sixteenth of the samples where batches are larger.
  private static let pieceCount = 16

  /// Every (1 ÷ share)-th piece is held out.
  init(sampleCount: Int, batchSize: Int, share: Double) {
    let size = max(min(batchSize, sampleCount / SampleSplit.pieceCount), 1)
    let pieces = (0..<sampleCount).runs(of: size)
    func isOut(_ piece: Int) -> Bool {
      (Double(piece + 1) * share).rounded(.down) > (Double(piece) * share).rounded(.down)
    }
    let out = pieces.indices.filter(isOut)
    isHeldOut = !out.isEmpty && out.count < pieces.count
    fitted = isHeldOut ? pieces.indices.filter { !isOut($0) }.map { pieces[$0] } : pieces
    judging = isHeldOut ? out.map { pieces[$0] } : pieces
    all = pieces
  }
}
