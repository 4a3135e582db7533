import COpenMPI
public import MessagePassing

extension MPICommunicator {
  /// Returns once every rank has called it: `MPI_Barrier`.
  public func barrier() throws(CommunicationError) {
    try check(MPI_Barrier(group.handle), "MPI_Barrier")
  }

  /// Copies the root's elements into every rank's buffer: `MPI_Bcast`.
  public func broadcast<Element: MessageElement>(
    _ elements: UnsafeMutableBufferPointer<Element>, from root: Int
  ) throws(CommunicationError) {
    try check(
      MPI_Bcast(
        elements.baseAddress, Int32(elements.count), Element.elementKind.datatype, Int32(root), group.handle),
      "MPI_Bcast")
  }

  /// Puts the ranks' parts one after the other into `whole` at the root: `MPI_Gatherv`.
  public func gather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?, counts: [Int], at root: Int
  ) throws(CommunicationError) {
    let datatype = Element.elementKind.datatype
    let parts = placement(of: counts)
    try check(
      MPI_Gatherv(
        part.baseAddress, Int32(part.count), datatype, whole?.baseAddress, parts.counts, parts.starts, datatype,
        Int32(root), group.handle),
      "MPI_Gatherv")
  }

  /// Puts the ranks' parts one after the other into every rank's `whole`: `MPI_Allgatherv`.
  public func allGather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>, counts: [Int]
  ) throws(CommunicationError) {
    let datatype = Element.elementKind.datatype
    let parts = placement(of: counts)
    try check(
      MPI_Allgatherv(
        part.baseAddress, Int32(part.count), datatype, whole.baseAddress, parts.counts, parts.starts, datatype,
        group.handle),
      "MPI_Allgatherv")
  }

  /// Combines the ranks' parts into `whole` at the root: `MPI_Reduce`.
  public func reduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?,
    by operation: ReduceOperation, at root: Int
  ) throws(CommunicationError) {
    try check(
      MPI_Reduce(
        part.baseAddress, whole?.baseAddress, Int32(part.count), Element.elementKind.datatype, operation.operation,
        Int32(root), group.handle),
      "MPI_Reduce")
  }

  /// Combines the ranks' parts into every rank's `whole`: `MPI_Allreduce`.
  public func allReduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>,
    by operation: ReduceOperation
  ) throws(CommunicationError) {
    try check(
      MPI_Allreduce(
        part.baseAddress, whole.baseAddress, Int32(part.count), Element.elementKind.datatype, operation.operation,
        group.handle),
      "MPI_Allreduce")
  }
}
