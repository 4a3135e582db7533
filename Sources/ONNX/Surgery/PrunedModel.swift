public import Networks

/// A model with fewer channels.
public struct PrunedModel: Sendable {
  /// The files of the new model.
  public let files: ModelFiles
  /// Every initializer and every computed tensor that lost elements, initializers first, in the order of the file.
  public let changes: [TensorChange]
}
