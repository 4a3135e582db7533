import Glibc
import SwiftProtobuf

extension ModelFiles {
  /// Reads an ONNX file and the external data files that it refers to.
  ///
  /// External data is confined to the folder of the model: a location that is absolute, contains `..` or leads outside
  /// through a symbolic link is refused.
  /// - Throws: `ONNXError`: `unreadable` for what cannot be opened, `badContent` for what is no ONNX file or leaves the
  ///   folder.
  public static func read(_ path: String) throws(ONNXError) -> ModelFiles {
    let model: [UInt8]
    do { model = try readRegularFile(path) } catch { throw error.error(file: path) }
    let decoded: Onnx_ModelProto
    do { decoded = try decodeModel(model[...]) } catch { throw error.error(file: path) }
    var external: [String: [UInt8]] = [:]
    for tensor in decoded.graph.tensors where tensor.isExternal {
      let place = "initializer '\(tensor.name)'"
      do {
        let location = try tensor.externalLocation()
        guard external[location] == nil else { continue }
        external[location] = try readRegularFile(try confined(location, toFolderOf: path))
      } catch { throw error.error(file: path, place: place) }
    }
    return ModelFiles(model: model, external: external, path: path)
  }

  /// The absolute path of an external data file, links resolved, inside the model's folder.
  private static func confined(_ location: String, toFolderOf path: String) throws(ImportProblem) -> String {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
    guard let root = resolved(folder) else { throw .unreadable("folder \(folder) does not exist") }
    guard let file = resolved(folder + location) else {
      throw .unreadable("external data file '\(location)': \(String(cString: strerror(errno)))")
    }
    guard root == "/" || file == root || file.hasPrefix(root + "/") else {
      throw .bad("external data '\(location)' leads outside the model's folder, to \(file)")
    }
    return file
  }

  private static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func readRegularFile(_ path: String) throws(ImportProblem) -> [UInt8] {
    // Without O_NONBLOCK a named pipe would keep the open waiting for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable("cannot be opened: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable("is not a regular file")
    }
    let size = Int(status.st_size)
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    guard size <= memory else { throw .unreadable("has \(size) bytes, this machine's memory \(memory)") }
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          failure = got < 0 ? errno : 0
          break
        }
        count += got
      }
    }
    guard bytes.count == size else {
      throw .unreadable("read \(bytes.count) of \(size) bytes: \(String(cString: strerror(failure)))")
    }
    return bytes
  }
}

/// Decodes the protobuf message of an ONNX file.
func decodeModel(_ bytes: ArraySlice<UInt8>) throws(ImportProblem) -> Onnx_ModelProto {
  do {
    return try Onnx_ModelProto(serializedBytes: ByteRun(bytes: bytes))
  } catch {
    throw .bad("no ONNX model: \(bytes.count) bytes that do not decode as one (truncated, damaged or another format)")
  }
}

/// A part of an array, for the protobuf decoder: models are too large to be copied for it.
private struct ByteRun: SwiftProtobufContiguousBytes {
  var bytes: ArraySlice<UInt8>

  init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  init(repeating byte: UInt8, count: Int) { bytes = ArraySlice(repeating: byte, count: count) }

  init(_ sequence: some Sequence<UInt8>) { bytes = ArraySlice(sequence) }

  var count: Int { bytes.count }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes(body)
  }

  mutating func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try bytes.withUnsafeMutableBytes(body)
  }
}

extension Onnx_GraphProto {
  /// Every tensor in the graph that can refer to external data.
  var tensors: [Onnx_TensorProto] {
    initializer + node.flatMap { $0.attribute.filter(\.hasT).map(\.t) }
  }
}
