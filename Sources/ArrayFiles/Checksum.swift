import CZlib

/// The CRC-32 of zip and gzip over some bytes, going on from that of the bytes before them.
func checksumOfBytes(_ bytes: UnsafeRawBufferPointer, continuing checksum: UInt32 = 0) -> UInt32 {
  // zlib takes a null pointer to mean "start anew".
  guard let base = bytes.baseAddress, !bytes.isEmpty else { return checksum }
  return UInt32(truncatingIfNeeded: crc32_z(UInt(checksum), base.assumingMemoryBound(to: UInt8.self), bytes.count))
}

/// The error of bytes whose checksum is not the one that the archive states.
func checksumMismatch(stated: UInt32, found: UInt32, name: ArrayName) -> ArrayFileError {
  name.badContent(expected: "checksum \(hexadecimal(stated)) as the archive states", found: hexadecimal(found))
}

private func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
