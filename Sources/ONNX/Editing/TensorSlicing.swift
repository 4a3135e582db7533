import FoundationEssentials
import Networks
import SwiftProtobuf

extension Onnx_TensorProto {
  /// The tensor with only some indices along axes; name, texts and fields that are not known here stay.
  ///
  /// Elements keep their bits and their form: raw data stay raw, typed fields stay typed; external data become raw data
  /// of this message.
  /// - Parameters:
  ///   - axes: the indices that stay, by axis.
  ///   - files: external data by location.
  /// - Throws: `unsupported` for elements that share bytes (int4), `badContent` for data that do not fit the shape.
  func taking(_ axes: [Int: [Int]], files: [String: [UInt8]]) throws(ImportProblem) -> Onnx_TensorProto {
    try checkData(files)
    return try taking(try ElementSelection(axes, of: try extents()), files: files)
  }

  /// The tensor with only some rows of axis 0, each block of them with its own indices along axis 1: the weight of a
  /// grouped convolution.
  /// - Parameters:
  ///   - outputs: by block the indices of axis 0 that stay.
  ///   - inputs: by block the indices of axis 1 that stay, equally many in each.
  ///   - files: external data by location.
  func takingBlocks(outputs: [[Int]], inputs: [[Int]], files: [String: [UInt8]]) throws(ImportProblem)
    -> Onnx_TensorProto
  {
    try checkData(files)
    return try taking(try ElementSelection(rows: outputs, columns: inputs, of: try extents()), files: files)
  }

  /// Checks that the data are as many as the shape says, so that nothing is allocated for extents that are made up.
  private func checkData(_ files: [String: [UInt8]]) throws(ImportProblem) {
    let storage = try storage()
    let count: Int
    if isExternal {
      count = try externalRange(in: files).range.count
    } else if hasRawData {
      count = rawData.count
    } else {
      let (entries, overflow) = try extents().count.multipliedReportingOverflow(by: storage.entriesPerElement)
      let found =
        switch storage.field {
        case .float: floatData.count
        case .int32: int32Data.count
        case .int64: int64Data.count
        case .double: doubleData.count
        case .uint64: uint64Data.count
        case .string: try strings().strings.count
        }
      guard !overflow, found == entries else {
        throw .bad("tensor '\(name)' has \(found) typed entries, expected \(entries) for its shape")
      }
      return
    }
    let expected = try rawByteCount()
    guard count == expected else {
      throw .bad("tensor '\(name)' has \(count) bytes of data, expected \(expected) for its shape")
    }
  }

  /// - Precondition: `checkData` has passed.
  private func taking(_ selection: ElementSelection, files: [String: [UInt8]]) throws(ImportProblem) -> Onnx_TensorProto
  {
    let storage = try storage()
    var result = self
    result.dims = selection.extents.map { Int64($0) }
    if isExternal {
      let (place, range) = try externalRange(in: files)
      let bytes = files[place.location]?[range] ?? []
      result.rawData = bytes.withUnsafeBytes { selection.data($0, storage.bytesPerElement ?? 0) }
      result.externalData = []
      result.clearDataLocation()
      return result
    }
    if hasRawData {
      result.rawData = rawData.withUnsafeBytes { selection.data($0, storage.bytesPerElement ?? 0) }
      return result
    }
    let entries = storage.entriesPerElement
    switch storage.field {
    case .float: result.floatData = selection.taking(floatData, entries)
    case .int32: result.int32Data = selection.taking(int32Data, entries)
    case .int64: result.int64Data = selection.taking(int64Data, entries)
    case .double: result.doubleData = selection.taking(doubleData, entries)
    case .uint64: result.uint64Data = selection.taking(uint64Data, entries)
    case .string: try result.takeStrings(selection)
    }
    return result
  }

  /// The fields that hold strings, and the bytes of the other fields that are not among the generated ones.
  private func strings() throws(ImportProblem) -> (strings: [WireField], others: [UInt8]) {
    var strings: [WireField] = []
    var others: [UInt8] = []
    var cursor = WireCursor([UInt8](unknownFields.data)[...])
    while let field = try cursor.next() {
      // string_data
      if field.number == 6, field.isDelimited { strings.append(field) } else { others += field.whole }
    }
    return (strings, others)
  }

  private mutating func takeStrings(_ selection: ElementSelection) throws(ImportProblem) {
    var (strings, bytes) = try strings()
    for block in selection.blocks {
      for start in block.starts {
        for run in block.runs {
          for field in strings[start + run.lowerBound..<start + run.upperBound] { bytes += field.whole }
        }
      }
    }
    do { unknownFields = try Onnx_TensorProto(serializedBytes: bytes).unknownFields } catch {
      throw .bad("strings of tensor '\(name)' that do not decode")
    }
  }
}

extension ElementSelection {
  fileprivate func data(_ source: UnsafeRawBufferPointer, _ size: Int) -> Data {
    var data = Data(count: count * size)
    data.withUnsafeMutableBytes { copy(source, to: $0, size: size) }
    return data
  }

  /// The entries of a typed field that stay.
  fileprivate func taking<Entry: BitwiseCopyable>(_ entries: [Entry], _ entriesPerElement: Int) -> [Entry] {
    let kept = count * entriesPerElement
    return [Entry](unsafeUninitializedCapacity: kept) { target, initialized in
      let room = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: target[..<kept]))
      entries.withUnsafeBytes { copy($0, to: room, size: MemoryLayout<Entry>.stride * entriesPerElement) }
      initialized = kept
    }
  }
}
