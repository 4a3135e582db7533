import COpenMPI
public import MessagePassing

extension MPICommunicator {
  /// Returns once every rank has called it: `MPI_Ibarrier`.
  public func barrier() throws(CommunicationError) {
    try collect(.barrier, byteCount: 0) { MPI_Ibarrier(group.handle, &$0.handle) }
  }

  /// Copies the root's elements into every rank's buffer: `MPI_Ibcast`.
  public func broadcast<Element: MessageElement>(
    _ elements: UnsafeMutableBufferPointer<Element>, from root: Int
  ) throws(CommunicationError) {
    try collect(.broadcast, byteCount: byteCount(of: elements.count, Element.self)) {
      MPI_Ibcast(
        elements.baseAddress, Int32(elements.count), Element.elementKind.datatype, Int32(root), group.handle,
        &$0.handle)
    }
  }

  /// Puts the ranks' parts one after the other into `whole` at the root: `MPI_Igatherv`.
  public func gather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?, counts: [Int], at root: Int
  ) throws(CommunicationError) {
    let datatype = Element.elementKind.datatype
    let total = counts.reduce(0, +)
    try withPlacement(of: counts) { counts, starts throws(CommunicationError) in
      try collect(.gather, byteCount: byteCount(of: total, Element.self)) {
        MPI_Igatherv(
          part.baseAddress, Int32(part.count), datatype, whole?.baseAddress, counts, starts, datatype, Int32(root),
          group.handle, &$0.handle)
      }
    }
  }

  /// Puts the ranks' parts one after the other into every rank's `whole`: gathered at rank 0 and broadcast from there.
  ///
  /// `MPI_Iallgatherv` of Open MPI 4 sends a message from every rank to every other, and so opens a connection for every
  /// pair of ranks: 16 million for 4096 ranks.
  public func allGather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>, counts: [Int]
  ) throws(CommunicationError) {
    try gather(part, into: rank == 0 ? whole : nil, counts: counts, at: 0)
    try broadcast(whole, from: 0)
  }

  /// Combines the ranks' parts into `whole` at the root: `MPI_Ireduce`.
  public func reduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?,
    by operation: ReduceOperation, at root: Int
  ) throws(CommunicationError) {
    try collect(.reduce, byteCount: byteCount(of: part.count, Element.self)) {
      MPI_Ireduce(
        part.baseAddress, whole?.baseAddress, Int32(part.count), Element.elementKind.datatype, operation.operation,
        Int32(root), group.handle, &$0.handle)
    }
  }

  /// Combines the ranks' parts into every rank's `whole`: `MPI_Iallreduce`.
  public func allReduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>,
    by operation: ReduceOperation
  ) throws(CommunicationError) {
    try collect(.allReduce, byteCount: byteCount(of: part.count, Element.self)) {
      MPI_Iallreduce(
        part.baseAddress, whole.baseAddress, Int32(part.count), Element.elementKind.datatype, operation.operation,
        group.handle, &$0.handle)
    }
  }

  private func byteCount<Element: MessageElement>(of count: Int, _ type: Element.Type) -> Int {
    count * MemoryLayout<Element>.stride
  }
}
