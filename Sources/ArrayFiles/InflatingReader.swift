import CZlib

/// Reads deflated bytes of a file as the stream that they inflate to.
struct InflatingReader: ~Copyable {
  /// What is around the deflated data.
  enum Wrapping {
    /// Nothing: a member of a zip archive, which ends with its range.
    case none
    /// Gzip members, one or more, each with a header, a checksum and a length that zlib compares.
    case gzip
  }

  private let file: InputFile
  private let name: ArrayName
  private let wrapping: Wrapping
  /// What was not yet read from the file.
  private var rest: Range<Int>
  private var input: UnsafeMutableRawBufferPointer
  // On the heap: zlib keeps the address of the stream it was started with.
  private let stream: UnsafeMutablePointer<z_stream>
  private var hasEnded = false

  private static let inputBytes = 1 << 16

  init(_ file: InputFile, range: Range<Int>, wrapping: Wrapping, name: ArrayName) throws(ArrayFileError) {
    self.file = file
    self.name = name
    self.wrapping = wrapping
    rest = range
    input = .allocate(byteCount: Self.inputBytes, alignment: 16)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window; negative asks for raw data, 16 more for the gzip format.
    let status = pc_inflate_init(stream, wrapping == .none ? -15 : 15 + 16)
    guard status == Z_OK else { throw ArrayFileError(.cannotBeRead, path: name.path, "zlib cannot start: \(status)") }
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
    input.deallocate()
  }

  /// Fills the buffer, or as much of it as there is before the data's end.
  /// - Returns: the number of bytes written; less than asked for only at the end.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var written = 0
    while written < buffer.count, !hasEnded {
      if stream.pointee.avail_in == 0 { try refill() }
      let room = min(buffer.count - written, 1 << 30)
      stream.pointee.next_out = base.advanced(by: written).assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room)
      let status = inflate(stream, Z_NO_FLUSH)
      written += room - Int(stream.pointee.avail_out)
      switch status {
      case Z_OK: break
      case Z_STREAM_END: try endMember()
      case Z_MEM_ERROR: throw ArrayFileError(.cannotBeRead, path: name.path, "there is no memory to inflate it")
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"
        throw name.badContent("the compressed data are broken near byte \(position): \(reason)")
      }
    }
    return written
  }

  /// The file's offset that was inflated up to.
  private var position: Int { rest.lowerBound - Int(stream.pointee.avail_in) }

  private mutating func refill() throws(ArrayFileError) {
    let count = min(rest.count, input.count)
    guard count > 0 else { throw name.badContent("the compressed data end too early, after byte \(rest.upperBound)") }
    let part = UnsafeMutableRawBufferPointer(rebasing: input[..<count])
    try file.read(at: rest.lowerBound, into: part)
    rest = rest.lowerBound + count..<rest.upperBound
    stream.pointee.next_in = part.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
  }

  /// Ends the stream, or begins the next gzip member: files joined end to end are one gzip file.
  private mutating func endMember() throws(ArrayFileError) {
    guard position < rest.upperBound else {
      hasEnded = true
      return
    }
    guard wrapping == .gzip else {
      throw name.badContent("the compressed data end at byte \(position), \(rest.upperBound - position) too early")
    }
    inflateReset(stream)
  }
}
