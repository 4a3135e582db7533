extension ArrayFile {
  /// All elements as float32, rounded to nearest.
  public func floats() throws(ArrayFileError) -> [Float] { try elements(of: 0..<sampleCount) }

  /// All elements as float64 (exact but for integers beyond 2⁵³, which round).
  public func doubles() throws(ArrayFileError) -> [Double] { try elements(of: 0..<sampleCount) }

  /// All elements of an integer or bool array.
  /// - Throws: also when the elements are floating-point numbers, or one does not fit.
  public func int64s() throws(ArrayFileError) -> [Int64] { try elements(of: 0..<sampleCount) }

  /// The elements of some samples as float32, rounded to nearest.
  public func floats(in samples: Range<Int>) throws(ArrayFileError) -> [Float] { try elements(of: samples) }

  /// The elements of some samples as float64 (exact but for integers beyond 2⁵³, which round).
  public func doubles(in samples: Range<Int>) throws(ArrayFileError) -> [Double] { try elements(of: samples) }

  /// The elements of some samples of an integer or bool array.
  /// - Throws: also when the elements are floating-point numbers, or one does not fit.
  public func int64s(in samples: Range<Int>) throws(ArrayFileError) -> [Int64] { try elements(of: samples) }

  /// Reads and converts the elements of some samples, in row-major order.
  private func elements<Element: DeliveredElement>(of samples: Range<Int>) throws(ArrayFileError) -> [Element] {
    guard samples.lowerBound >= 0, samples.upperBound <= sampleCount else {
      throw name.badContent(expected: "samples \(samples)", found: "only \(sampleCount) samples, shape \(shape)")
    }
    guard Element.self != Int64.self || elementType.isInteger else {
      throw name.badContent(expected: "elements of an integer type", found: "\(elementType)")
    }
    let count = samples.count * elementsPerSample  // no overflow: the layout was checked for all samples
    // An allocation that fails ends the process, and a sparse file can claim anything.
    guard count <= ArrayLimits.deliveredBytes / MemoryLayout<Element>.stride else {
      throw name.badContent("\(count) elements of shape \(shape) do not fit in this machine's memory")
    }
    var failure: ArrayFileError?
    let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(ArrayFileError) {
        try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), with: samples)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return elements
  }

  private func fill<Element: DeliveredElement>(
    _ output: UnsafeMutableBufferPointer<Element>, with samples: Range<Int>
  ) throws(ArrayFileError) {
    // Only who reads all bytes can compare the archive's checksum of them.
    let stated = samples.count == sampleCount ? region.uncheckedChecksum : nil
    var checksum: UInt32?
    if stated != nil {
      checksum = try region.bytes(in: 0..<layout.dataOffset).withUnsafeBytes { checksumOfBytes($0) }
    }
    if layout.isFortranOrder, shape.count > 1, !output.isEmpty {
      try fillFromColumns(output, with: samples, checksum: &checksum)
    } else {
      try fillInOrder(output, with: samples, checksum: &checksum)
    }
    if let stated, let checksum, stated != checksum {
      throw checksumMismatch(stated: stated, found: checksum, name: name)
    }
  }

  /// The bytes converted at a time: small enough for a cache, large enough that system calls do not count.
  private static var chunkBytes: Int { 1 << 18 }

  private func fillInOrder<Element: DeliveredElement>(
    _ output: UnsafeMutableBufferPointer<Element>, with samples: Range<Int>, checksum: inout UInt32?
  ) throws(ArrayFileError) {
    let start = layout.dataOffset + samples.lowerBound * elementsPerSample * elementType.byteCount
    if Element.unconverted == elementType, !layout.isBigEndian {
      let bytes = UnsafeMutableRawBufferPointer(output)
      try region.read(at: start, into: bytes)
      checksum = checksum.map { checksumOfBytes(UnsafeRawBufferPointer(bytes), continuing: $0) }
      return
    }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 16)
    defer { chunk.deallocate() }
    let elementsPerChunk = Self.chunkBytes / elementType.byteCount
    for first in stride(from: 0, to: output.count, by: elementsPerChunk) {
      let part = UnsafeMutableBufferPointer(rebasing: output[first..<min(first + elementsPerChunk, output.count)])
      let bytes = UnsafeMutableRawBufferPointer(rebasing: chunk[..<(part.count * elementType.byteCount)])
      try region.read(at: start + first * elementType.byteCount, into: bytes)
      checksum = checksum.map { checksumOfBytes(UnsafeRawBufferPointer(bytes), continuing: $0) }
      try convert(UnsafeRawBufferPointer(bytes), into: part)
    }
  }

  /// Reads an array in Fortran order: axis 0 is the fastest there, so a column of all samples stands for each element of a
  /// sample, and of each column the wanted samples are read.
  private func fillFromColumns<Element: DeliveredElement>(
    _ output: UnsafeMutableBufferPointer<Element>, with samples: Range<Int>, checksum: inout UInt32?
  ) throws(ArrayFileError) {
    let extents = Array(shape.dropFirst())
    var strides = [Int](repeating: 1, count: extents.count)
    for axis in strides.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * extents[axis + 1] }

    let runBytes = samples.count * elementType.byteCount
    let isWhole = samples.count == sampleCount
    let columnsPerRead = isWhole ? max(1, Self.chunkBytes / runBytes) : 1
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: columnsPerRead * runBytes, alignment: 16)
    defer { chunk.deallocate() }
    let converted = UnsafeMutableBufferPointer<Element>.allocate(capacity: columnsPerRead * samples.count)
    defer { converted.deallocate() }

    var index = [Int](repeating: 0, count: extents.count)
    var target = 0
    for column in stride(from: 0, to: elementsPerSample, by: columnsPerRead) {
      let columns = min(columnsPerRead, elementsPerSample - column)
      let bytes = UnsafeMutableRawBufferPointer(rebasing: chunk[..<(columns * runBytes)])
      let element = column * sampleCount + samples.lowerBound
      try region.read(at: layout.dataOffset + element * elementType.byteCount, into: bytes)
      checksum = checksum.map { checksumOfBytes(UnsafeRawBufferPointer(bytes), continuing: $0) }
      try convert(
        UnsafeRawBufferPointer(bytes),
        into: UnsafeMutableBufferPointer(rebasing: converted[..<(columns * samples.count)]))
      for run in 0..<columns {
        for sample in 0..<samples.count {
          output.initializeElement(
            at: sample * elementsPerSample + target, to: converted[run * samples.count + sample])
        }
        // The next column: the first of the remaining axes is the fastest.
        for axis in extents.indices {
          index[axis] += 1
          target += strides[axis]
          if index[axis] < extents[axis] { break }
          target -= index[axis] * strides[axis]
          index[axis] = 0
        }
      }
    }
  }

  private func convert<Element: DeliveredElement>(
    _ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Element>
  ) throws(ArrayFileError) {
    let failed = ElementConversion.convert(bytes, of: elementType, isBigEndian: layout.isBigEndian, into: output)
    guard failed == nil else { throw name.badContent("an element of type \(elementType) is too large for int64") }
  }
}
