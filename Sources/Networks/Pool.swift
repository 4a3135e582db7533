/// A pooling window.
public struct Pool: Hashable, Sendable, Codable {
  /// What a window yields.
  public enum Kind: Hashable, Sendable, Codable {
    /// The largest element; the gradient goes to the first of equals in row-major order. Pads never win.
    case max
    /// The mean; `countsPads`: divide by the window's extent inside the padded input, else by the real elements only.
    case average(countsPads: Bool)
  }

  /// What a window yields.
  public var kind: Kind
  /// Window extent per space axis.
  public var kernel: [Int]
  /// Steps per space axis.
  public var strides: [Int]
  /// Pads in front, per space axis.
  public var padsBegin: [Int]
  /// Pads behind as written. With ceil mode the last window may reach further: trust the output's shape.
  public var padsEnd: [Int]
  /// Distance between window elements, 1 = dense.
  public var dilations: [Int]

  /// A pooling window.
  public init(kind: Kind, kernel: [Int], strides: [Int], padsBegin: [Int], padsEnd: [Int], dilations: [Int]) {
    self.kind = kind
    self.kernel = kernel
    self.strides = strides
    self.padsBegin = padsBegin
    self.padsEnd = padsEnd
    self.dilations = dilations
  }
}
