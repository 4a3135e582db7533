/// How far channels are followed through a network. What is beyond stays whole, with a reason: no network comes near.
enum AnalysisLimits {
  /// Channels of an input of the network that are told apart.
  static let inputChannels = 1 << 20
  /// Labels of one tensor (128 MB).
  static let tensorLabels = 1 << 25
  /// Labels of all tensors together: what the analysis takes time for.
  static let allLabels = 1 << 26
  /// Labels of all places of weights together, each of which takes some 200 bytes.
  static let placedLabels = 1 << 23
  /// Divisions of groups of which something takes a part.
  static let divisions = 1 << 10
}
