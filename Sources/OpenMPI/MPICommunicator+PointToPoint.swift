import COpenMPI
public import MessagePassing

extension MPICommunicator {
  /// Sends to another rank: `MPI_Isend`, which ends early only for messages that MPI can keep.
  public func send<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError) {
    let byteCount = elements.count * MemoryLayout<Element>.stride
    try complete(Wait(call: .send, peer: destination), pace: .forDelivery(of: byteCount)) {
      MPI_Isend(
        elements.baseAddress, Int32(elements.count), Element.elementKind.datatype, Int32(destination), Int32(tag),
        group.handle, &$0.handle)
    }
  }

  /// Sends a copy to another rank, and keeps the copy until MPI needs it no more: `MPI_Isend`.
  public func post<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError) {
    try state.enter()
    try state.posts.post(elements, to: destination, tag: Int32(tag), in: group)
  }

  /// Fills the buffer with the message that a probe has described: `MPI_Irecv`.
  public func receive<Element: MessageElement>(
    into elements: UnsafeMutableBufferPointer<Element>, from source: Int, tag: Int
  ) throws(CommunicationError) {
    let byteCount = elements.count * MemoryLayout<Element>.stride
    try complete(Wait(call: .receive, peer: source), pace: .forTransfer(of: byteCount)) {
      MPI_Irecv(
        elements.baseAddress, Int32(elements.count), Element.elementKind.datatype, Int32(source), Int32(tag),
        group.handle, &$0.handle)
    }
  }

  /// Waits until a message is there to be received: `MPI_Iprobe` until it finds one.
  public func awaitMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope {
    let wait = Wait(call: .probe, peer: source)
    try state.enter(wait)
    return try self.wait(wait, pace: .forArrival) { () throws(CommunicationError) in try probe(source, tag) }
  }

  /// The message that can be received now, if there is one: `MPI_Iprobe`.
  public func pendingMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope? {
    try state.enter()
    return try probe(source, tag)
  }

  private func probe(_ source: Int?, _ tag: Int?) throws(CommunicationError) -> Envelope? {
    var status = MPI_Status()
    var isThere: Int32 = 0
    try check(
      MPI_Iprobe(
        source.map { Int32($0) } ?? pc_mpi_any_source(), tag.map { Int32($0) } ?? pc_mpi_any_tag(), group.handle,
        &isThere, &status),
      WaitingCall.probe.name)
    guard isThere != 0 else { return nil }
    // The wide count: a message of 2^31 - 1 doubles has more bytes than MPI_Get_count can tell.
    var byteCount: MPI_Count = 0
    try check(MPI_Get_elements_x(&status, pc_mpi_byte(), &byteCount), "MPI_Get_elements_x")
    return Envelope(source: Int(status.MPI_SOURCE), tag: Int(status.MPI_TAG), byteCount: Int(byteCount))
  }

  /// Whether a copy is kept of something posted.
  public var isSending: Bool { !state.posts.isEmpty }

  /// Answers ranks that ask whether this one is alive.
  public func attend() throws(CommunicationError) { try state.enter() }
}
