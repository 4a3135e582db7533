internal import CLAPACK

/// Dense products and factorisations in float64, all matrices stored by columns.
///
/// OpenBLAS keeps to the calling thread: ranks and workers share out the cores, and its result would depend on its threads.
/// Several threads may call at the same time.
enum LinearAlgebra {
  private static let oneThread: Void = openblas_set_num_threads(1)

  /// The library with its version, and the kernels that it uses on this processor: others give other last bits.
  static let description: String = {
    // Asked once: the library builds its answer in a place that all threads share. Its first words are name and version.
    let version = String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")
    return "\(version), kernels for \(String(cString: openblas_get_corename()))"
  }()

  /// A matrix inside another: its first element, and the distance between columns.
  struct Part {
    let start: UnsafePointer<Double>
    let stride: Int

    init(_ start: UnsafePointer<Double>, stride: Int) {
      self.start = start
      self.stride = stride
    }

    fileprivate var blasStride: blasint { blasint(Swift.max(stride, 1)) }
  }

  /// A matrix inside another that is written to.
  struct MutablePart {
    let start: UnsafeMutablePointer<Double>
    let stride: Int

    init(_ start: UnsafeMutablePointer<Double>, stride: Int) {
      self.start = start
      self.stride = stride
    }

    fileprivate var blasStride: blasint { blasint(Swift.max(stride, 1)) }
  }

  /// result += left × right (dgemm): rows × inner times inner × columns, each operand transposed if said so.
  static func add(
    _ left: Part, isTransposed leftIsTransposed: Bool, times right: Part, isTransposed rightIsTransposed: Bool,
    rows: Int, inner: Int, columns: Int, to result: MutablePart
  ) {
    guard rows > 0, inner > 0, columns > 0 else { return }
    _ = oneThread
    cblas_dgemm(
      CblasColMajor, leftIsTransposed ? CblasTrans : CblasNoTrans, rightIsTransposed ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(inner), 1, left.start, left.blasStride, right.start, right.blasStride, 1,
      result.start, result.blasStride)
  }

  /// The upper triangle of result += panel × panelᵀ (dsyrk), the panel order × inner.
  static func addSquare(of panel: Part, order: Int, inner: Int, toUpper result: MutablePart) {
    guard order > 0, inner > 0 else { return }
    _ = oneThread
    cblas_dsyrk(
      CblasColMajor, CblasUpper, CblasNoTrans, blasint(order), blasint(inner), 1, panel.start, panel.blasStride, 1,
      result.start, result.blasStride)
  }

  /// result += symmetric × right (dsymm), of the symmetric matrix the upper triangle being read.
  static func add(symmetric left: Part, order: Int, times right: Part, columns: Int, to result: MutablePart) {
    guard order > 0, columns > 0 else { return }
    _ = oneThread
    cblas_dsymm(
      CblasColMajor, CblasLeft, CblasUpper, blasint(order), blasint(columns), 1, left.start, left.blasStride,
      right.start,
      right.blasStride, 1, result.start, result.blasStride)
  }

  /// Makes the upper triangle of a symmetric matrix its factor U with UᵀU = the matrix (dpotrf).
  /// - Returns: false when the matrix is not positive definite.
  static func factor(upper matrix: MutablePart, order: Int) -> Bool {
    guard order > 0 else { return true }
    _ = oneThread
    return pc_lapack_factor(blasint(order), matrix.start, matrix.blasStride) == 0
  }

  /// Solves UᵀU × X = B, X in the place of B (two dtrsm).
  static func solve(factor: Part, order: Int, _ sides: MutablePart, columns: Int) {
    guard order > 0, columns > 0 else { return }
    _ = oneThread
    for transposition in [CblasTrans, CblasNoTrans] {
      cblas_dtrsm(
        CblasColMajor, CblasLeft, CblasUpper, transposition, CblasNonUnit, blasint(order), blasint(columns), 1,
        factor.start, factor.blasStride, sides.start, sides.blasStride)
    }
  }
}
