public import Networks

/// A model opened to have channels removed.
public protocol ModelSurgeon {
  /// Every computed tensor of the model as a value of its own: what `KeptPart`s are given for.
  var network: Network { get }

  /// The model with what `parts` keeps.
  /// - Parameters:
  ///   - parts: by `ValueID.index` of `network`.
  ///   - gathers: Gathers in front of layers whose producers keep all channels.
  /// - Throws: when the model has something that cannot be cut.
  func pruned(_ parts: [KeptPart], gathers: [InputGather]) throws -> PrunedSource
}

/// The files of a model that lost channels.
public struct PrunedSource: Sendable {
  /// All of them as one run of bytes, as `ModelSource.message`.
  public let message: [UInt8]
  /// What became of the indices of every changed tensor.
  public let changes: [TensorChange]

  /// The files of a model that lost channels.
  public init(message: [UInt8], changes: [TensorChange]) {
    self.message = message
    self.changes = changes
  }
}

/// One file of a model as it is written.
public struct ModelFile: Sendable {
  /// Its name, without a folder.
  public let name: String
  /// Its content.
  public let bytes: [UInt8]

  /// One file of a model.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}
