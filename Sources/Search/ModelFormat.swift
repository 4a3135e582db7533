import Configuration
public import Networks

import Glibc

/// How models are read: by rank 0 from files, by every rank from the bytes that rank 0 sends.
public protocol ModelFormat: Sendable {
  /// Everything that a model consists of.
  /// - Throws: when a file cannot be read.
  func read(_ path: String) throws -> ModelSource

  /// The model in what `ModelSource.message` holds.
  ///
  /// - Parameter sampleShapes: by input name ("" for the only input) the extents of one sample, for axes that the model
  ///   leaves open.
  /// - Throws: when the bytes are no model, or hold what is not supported.
  func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel

  /// The model with other numbers in some layers' parameters, as a message again.
  /// - Throws: when a parameter cannot hold them.
  func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8]

  /// Why the parameters of some nodes cannot be replaced, by their names; those that can are absent.
  func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String]

  /// The files to write for a model, the first under the given name.
  func files(of message: [UInt8], named name: String) throws -> [ModelFile]
}

extension ModelFormat {
  /// The model that a configuration names.
  /// - Throws: when a file cannot be read; of the model's own also the key that names it.
  func read(modelOf configuration: SearchConfiguration) throws -> ModelSource {
    let path = configuration.model.path
    do {
      return try read(path)
    } catch {
      guard access(path, R_OK) != 0 else { throw error }
      throw SearchError(
        .cannotBeRead, file: path,
        "cannot be opened: \(FileHandleReader.lastError); $.model of \(configuration.file) names it")
    }
  }
}

/// A model, decoded once for any number of samples.
public protocol DecodedModel {
  /// The network that runs so many samples at a time. A model that is fixed to another number gives that one.
  /// - Throws: when some shape cannot be.
  func network(batchSize: Int) throws -> Network

  /// The model opened to have channels removed.
  /// - Throws: when something in it cannot be followed.
  func surgeon() throws -> any ModelSurgeon
}

/// The files of one model.
public struct ModelSource: Sendable {
  /// All of them as one run of bytes, to be sent to other ranks.
  public let message: [UInt8]
  /// Each file's path as found, with its SHA-256 digest in hexadecimal; the model itself is the first.
  public let digests: [FileDigest]

  /// The files of one model.
  public init(message: [UInt8], digests: [FileDigest]) {
    self.message = message
    self.digests = digests
  }
}
