import COpenMPI
import MessagePassing

extension ElementKind {
  /// The datatype of MPI that stores elements in the same way.
  var datatype: MPI_Datatype {
    switch self {
    case .uint8: pc_mpi_uint8()
    case .int32: pc_mpi_int32()
    case .int64: pc_mpi_int64()
    case .float: pc_mpi_float()
    case .double: pc_mpi_double()
    }
  }
}

extension ReduceOperation {
  /// MPI's predefined operation.
  var operation: MPI_Op {
    switch self {
    case .sum: pc_mpi_sum()
    case .min: pc_mpi_min()
    case .max: pc_mpi_max()
    }
  }
}

/// Runs `body` with the counts and the starts of consecutive parts as MPI takes them: 32-bit integers, which stay where
/// they are until `body` ends, as a call that returns before its work is done needs it.
///
/// - Precondition: the sum of the counts is at most `Int32.max`: what `MPICommunicator.messageLimit` sees to.
func withPlacement(
  of counts: [Int],
  _ body: (_ counts: UnsafePointer<Int32>?, _ starts: UnsafePointer<Int32>?) throws(CommunicationError) -> Void
) throws(CommunicationError) {
  var starts: [Int32] = []
  starts.reserveCapacity(counts.count)
  var start = 0
  for count in counts {
    starts.append(Int32(start))
    start += count
  }
  precondition(start <= Int32.max, "one message of MPI has at most 2^31 - 1 elements")
  try counts.map { Int32($0) }.withUnsafeBufferPointer { counts throws(CommunicationError) in
    try starts.withUnsafeBufferPointer { starts throws(CommunicationError) in
      try body(counts.baseAddress, starts.baseAddress)
    }
  }
}
