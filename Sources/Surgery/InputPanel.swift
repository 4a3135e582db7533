/// Rows of a layer's inputs that are added to sums together, so that BLAS has matrices to multiply.
struct InputPanel {
  /// Many enough that reading and writing a Gram matrix costs little beside the products.
  static let usualCapacity = 384

  private let patches: InputPatches
  private let weights: LayerWeights
  private let order: Int
  private let capacity: Int
  /// Per row and kernel element which input of the first channel is read, −1 in a pad.
  private var taps: [Int]
  /// How many rows there are.
  private(set) var count = 0
  /// The rows of the convolution group that was filled in last, `order` numbers each.
  private(set) var x: [Double]

  /// - Parameter order: numbers per row; those behind the weights' inputs stay 1.
  init(_ patches: InputPatches, _ weights: LayerWeights, order: Int, capacity: Int = InputPanel.usualCapacity) {
    self.patches = patches
    self.weights = weights
    self.order = order
    self.capacity = capacity
    taps = [Int](repeating: 0, count: capacity * weights.kernel)
    x = [Double](repeating: 1, count: capacity * order)
  }

  var isFull: Bool { count == capacity }

  /// Takes an output position of a sample as the next row.
  /// - Parameter sample: counted in what `fill` is given.
  mutating func append(sample: Int, position: Int) {
    let (patches, kernel, row) = (self.patches, weights.kernel, count)
    taps.withUnsafeMutableBufferPointer { taps in
      let own = UnsafeMutableBufferPointer(rebasing: taps[row * kernel..<(row + 1) * kernel])
      patches.inputElements(position, to: own)
      for tap in own.indices where own[tap] >= 0 { own[tap] += sample * patches.inputElements }
    }
    count += 1
  }

  /// Writes what the rows read of the channels of a convolution group.
  mutating func fill(_ inputs: UnsafeBufferPointer<Float>, _ group: Int) {
    let (channels, kernel, order, rows) = (weights.inputsPerGroup, weights.kernel, self.order, count)
    let plane = patches.inputPlane
    let first = group * channels * plane
    taps.withUnsafeBufferPointer { taps in
      x.withUnsafeMutableBufferPointer { x in
        for row in 0..<rows {
          var target = row &* order
          var start = first
          for _ in 0..<channels {
            for tap in row &* kernel..<(row &+ 1) &* kernel {
              let place = taps[tap]
              x[target] = place < 0 ? 0 : Double(inputs[start &+ place])
              target &+= 1
            }
            start &+= plane
          }
        }
      }
    }
  }

  /// Forgets the rows.
  mutating func removeAll() { count = 0 }
}
