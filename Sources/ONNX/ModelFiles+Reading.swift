import FileKinds
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
    do { model = try readRegularFile(path, limit: ImportLimits.modelBytes) } catch { throw error.error(file: path) }
    let decoded: Onnx_ModelProto
    do { decoded = try decodeModel(model[...]) } catch { throw error.error(file: path) }
    var external: [String: [UInt8]] = [:]
    var room = ImportLimits.externalBytes
    for tensor in decoded.graph.tensors where tensor.isExternal {
      let place = "initializer '\(tensor.name)'"
      do {
        let location = try tensor.externalLocation()
        guard external[location] == nil else { continue }
        let data = try readRegularFile(try confined(location, toFolderOf: path), of: root(of: path), limit: room)
        // One file may have any number of locations, each of which is read.
        room -= data.count
        external[location] = data
      } catch { throw error.error(file: path, place: place) }
    }
    return ModelFiles(model: model, external: external, path: path)
  }

  /// The absolute path of an external data file, links resolved, inside the model's folder.
  private static func confined(_ location: String, toFolderOf path: String) throws(ImportProblem) -> String {
    let root = try root(of: path)
    guard let file = resolved(folder(of: path) + location) else {
      throw .unreadable("external data file '\(location)': \(String(cString: strerror(errno)))")
    }
    guard isInside(file, root) else {
      throw .bad("external data '\(location)' leads outside the model's folder, to \(file)")
    }
    return file
  }

  /// The folder of a model with its slash.
  private static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./" }

  /// The same, absolute and links resolved.
  private static func root(of path: String) throws(ImportProblem) -> String {
    let folder = folder(of: path)
    guard let root = resolved(folder) else { throw .unreadable("folder \(folder) does not exist") }
    return root
  }

  private static func isInside(_ file: String, _ root: String) -> Bool {
    root == "/" || file == root || file.hasPrefix(root + "/")
  }

  private static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The bytes of a file.
  /// - Parameters:
  ///   - root: the folder that it has to be in; links in its path are resolved already. `nil` for a file that the caller
  ///     has named.
  ///   - limit: the most bytes that it may have.
  private static func readRegularFile(
    _ path: String, of root: String? = nil, limit: Int
  ) throws(ImportProblem) -> [UInt8] {
    var status = stat()
    // A device is not even opened: for some that alone does something.
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(
        status.st_mode & S_IFMT == S_IFDIR ? "is a directory, expected a file" : "is not a regular file")
    }
    // Without O_NONBLOCK a named pipe would keep the open waiting for a writer.
    let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | (root == nil ? 0 : O_NOFOLLOW)
    let descriptor = open(path, flags)
    guard descriptor >= 0 else { throw .unreadable("cannot be opened: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable("is not a regular file")
    }
    if let root {
      // What is open now counts, not what had the name when it was resolved.
      guard let opened = resolved("/proc/self/fd/\(descriptor)"), isInside(opened, root) else {
        throw .bad("external data '\(path)' left the model's folder while it was opened")
      }
      guard status.st_nlink == 1 else {
        throw .bad(
          "external data '\(path)' has \(status.st_nlink) names (hard links), some may be outside the model's folder")
      }
    }
    let size = Int(status.st_size)
    guard size <= limit else { throw .unreadable("has \(size) bytes, \(limit) can be read") }
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
  // No bytes are a message, in which everything is absent.
  guard !bytes.isEmpty else { throw notDecoded(bytes) }
  do {
    try ModelCensus.check(bytes)
  } catch {
    throw error.kind == .badContent ? notDecoded(bytes) : error
  }
  do {
    return try Onnx_ModelProto(serializedBytes: ByteRun(bytes: bytes))
  } catch {
    throw notDecoded(bytes)
  }
}

private func notDecoded(_ bytes: ArraySlice<UInt8>) -> ImportProblem {
  if let kind = FileKind.known(bytes) { return .bad("no ONNX model but \(kind)") }
  return .bad("no ONNX model: \(bytes.count) bytes that do not decode as one (truncated, damaged or another format)")
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
