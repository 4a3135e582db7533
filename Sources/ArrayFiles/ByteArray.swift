extension [UInt8] {
  /// Calls `body` with the bytes, as the standard library's method does, but keeps the type of what it throws.
  mutating func withMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws(ArrayFileError) -> Result
  ) throws(ArrayFileError) -> Result {
    try withUnsafeMutableBufferPointer { (buffer) throws(ArrayFileError) in
      try body(UnsafeMutableRawBufferPointer(buffer))
    }
  }
}
