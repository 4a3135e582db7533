import COpenMPI
import MessagePassing

/// Throws MPI's own text when a call did not succeed; every status passes through here.
func check(_ status: Int32, _ call: String) throws(CommunicationError) {
  guard status != pc_mpi_success() else { return }
  // Codes differ between MPIs, classes do not.
  var errorClass = pc_mpi_error_unknown()
  if MPI_Error_class(status, &errorClass) != pc_mpi_success() { errorClass = pc_mpi_error_unknown() }
  let text = mpiText(capacity: pc_mpi_max_error_string()) { MPI_Error_string(status, $0, $1) }
  throw CommunicationError(
    .transport(errorClass: Int(errorClass)), operation: call, text: text ?? "error code \(status)")
}

/// The text that an MPI call writes into a buffer, on one line; `nil` when the call fails.
func mpiText(
  capacity: Int32, _ write: (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int32>) -> Int32
) -> String? {
  var characters = [CChar](repeating: 0, count: Int(capacity) + 1)
  var length: Int32 = 0
  let status = characters.withUnsafeMutableBufferPointer { buffer in
    buffer.baseAddress.map { write($0, &length) }
  }
  guard status == pc_mpi_success() else { return nil }
  let bytes = characters.prefix(Int(length)).prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
  return onOneLine(String(decoding: bytes, as: UTF8.self))
}

/// The text with its line ends replaced by spaces.
func onOneLine(_ text: String) -> String {
  text.split(whereSeparator: \.isNewline).joined(separator: " ")
}
