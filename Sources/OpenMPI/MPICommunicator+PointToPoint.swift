import COpenMPI
public import MessagePassing

extension MPICommunicator {
  /// Sends to another rank: `MPI_Send`, which returns early only for messages that MPI can keep.
  public func send<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError) {
    try check(
      MPI_Send(
        elements.baseAddress, Int32(elements.count), Element.elementKind.datatype, Int32(destination), Int32(tag),
        group.handle),
      "MPI_Send")
  }

  /// Fills the buffer with the message that a probe has described: `MPI_Recv`.
  public func receive<Element: MessageElement>(
    into elements: UnsafeMutableBufferPointer<Element>, from source: Int, tag: Int
  ) throws(CommunicationError) {
    try check(
      MPI_Recv(
        elements.baseAddress, Int32(elements.count), Element.elementKind.datatype, Int32(source), Int32(tag),
        group.handle, pc_mpi_ignore_status()),
      "MPI_Recv")
  }

  /// Waits until a message is there to be received: `MPI_Probe`.
  public func awaitMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope {
    var status = MPI_Status()
    try check(
      MPI_Probe(
        source.map { Int32($0) } ?? pc_mpi_any_source(), tag.map { Int32($0) } ?? pc_mpi_any_tag(), group.handle,
        &status),
      "MPI_Probe")
    return try envelope(of: &status)
  }

  /// The message that can be received now, if there is one: `MPI_Iprobe`.
  public func pendingMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope? {
    var status = MPI_Status()
    var isThere: Int32 = 0
    try check(
      MPI_Iprobe(
        source.map { Int32($0) } ?? pc_mpi_any_source(), tag.map { Int32($0) } ?? pc_mpi_any_tag(), group.handle,
        &isThere, &status),
      "MPI_Iprobe")
    return isThere == 0 ? nil : try envelope(of: &status)
  }

  private func envelope(of status: inout MPI_Status) throws(CommunicationError) -> Envelope {
    // The wide count: a message of 2^31 - 1 doubles has more bytes than MPI_Get_count can tell.
    var byteCount: MPI_Count = 0
    try check(MPI_Get_elements_x(&status, pc_mpi_byte(), &byteCount), "MPI_Get_elements_x")
    return Envelope(source: Int(status.MPI_SOURCE), tag: Int(status.MPI_TAG), byteCount: Int(byteCount))
  }
}
