/// A criterion or a solver that comes to nothing, while all else goes on to be usable.
///
/// It is thrown where no rank waits for another: at all ranks alike, or at rank 0 when the others have done their part. So a
/// comparison can leave it out, where a search ends with it.
struct CriterionFailure: Error {
  /// What is wrong.
  let error: SearchError

  init(_ error: SearchError) { self.error = error }

  /// Does what nothing is left without.
  /// - Throws: the error itself.
  static func ending<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let failure as CriterionFailure {
      throw failure.error
    }
  }
}
