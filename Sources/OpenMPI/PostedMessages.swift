import COpenMPI
import MessagePassing

/// Messages that their senders do not wait for: each with a copy of its elements, kept until MPI has done with it.
struct PostedMessages {
  private var messages: [(request: pc_mpi_request, bytes: UnsafeMutableRawPointer)] = []
  /// The number of messages at which those that are gone are looked for: asking about each of n messages at each of n
  /// posts would take n² questions.
  private var sweepCount = leastSweepCount
  private static let leastSweepCount = 32

  /// Whether nothing is on its way.
  var isEmpty: Bool { messages.isEmpty }

  /// Copies the elements and starts to send them: `MPI_Isend`.
  mutating func post<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int32, in group: pc_mpi_communicator
  ) throws(CommunicationError) {
    if messages.count >= sweepCount {
      try sweep()
      sweepCount = max(2 * messages.count, Self.leastSweepCount)
    }
    let source = UnsafeRawBufferPointer(elements)
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(source.count, 1), alignment: MemoryLayout<Element>.alignment)
    copy.copyMemory(from: source)
    guard let bytes = copy.baseAddress else { return }
    var request = pc_mpi_request()
    try check(
      MPI_Isend(
        bytes, Int32(elements.count), Element.elementKind.datatype, Int32(destination), tag, group.handle,
        &request.handle),
      WaitingCall.send.name)
    // Small ones are gone at once.
    if try !isGone(&request) {
      messages.append((request, bytes))
    } else {
      bytes.deallocate()
    }
  }

  /// Frees the copies of messages that are gone.
  mutating func sweep() throws(CommunicationError) {
    var remaining: [(request: pc_mpi_request, bytes: UnsafeMutableRawPointer)] = []
    for var message in messages {
      if try isGone(&message.request) {
        message.bytes.deallocate()
      } else {
        remaining.append(message)
      }
    }
    messages = remaining
  }

  /// Whether MPI needs the copy no more. A message that fails ends the job, so its copy is left as it is.
  private func isGone(_ request: inout pc_mpi_request) throws(CommunicationError) -> Bool {
    var isDone: Int32 = 0
    try check(MPI_Test(&request.handle, &isDone, pc_mpi_ignore_status()), WaitingCall.send.name)
    return isDone != 0
  }
}
