/// What a text of protocol buffers may claim, beside the limits on strings that all texts have.
enum TextProtoLimits {
  /// Bytes of a text.
  static let bytes = 16 << 20
  /// Fields of all messages together, each of which takes some 200 bytes once it is read.
  static let fields = 1 << 20
  /// Messages in each other: deeper texts could exhaust the stack of a thread; AMCT's own are four levels deep.
  static let nesting = 32
}
