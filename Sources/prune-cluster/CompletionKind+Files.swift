import ArgumentParser

/// What shells complete arguments with, beyond what their types say.
extension CompletionKind {
  /// Models.
  static var model: CompletionKind { .file(extensions: ["onnx"]) }

  /// Configurations, ratios and tables.
  static var json: CompletionKind { .file(extensions: ["json"]) }
}
