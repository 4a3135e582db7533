import Glibc

/// The system's text for an error number, such as "No such file or directory".
func systemErrorText(_ code: Int32) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    guard let text = buffer.baseAddress else { return "error \(code)" }
    // strerror is not safe among threads; this one is.
    guard strerror_r(code, text, buffer.count) == 0 else { return "error \(code)" }
    return String(cString: text)
  }
}

/// Repeats a system call while a signal interrupts it.
/// - Returns: what the call returned, and the error number when that is negative (0 otherwise).
func uninterrupted<Result: BinaryInteger>(_ call: () -> Result) -> (result: Result, code: Int32) {
  while true {
    let result = call()
    guard result < 0 else { return (result, 0) }
    let code = errno
    if code != EINTR { return (result, code) }
  }
}

/// Whether an error number says that the device failed or is full, and not that something is not allowed.
func isDeviceFault(_ code: Int32) -> Bool { [ENOSPC, EDQUOT, EIO].contains(code) }
