/// Rows of inputs that are added to the sums together.
struct ResponsePanel {
  private let problem: ResponseProducts
  private var inputs: InputPanel
  /// By row and output of a group the responses to the units of all sets; empty where inputs are multiplied.
  private var responses: [Double]

  /// Numbers that a panel of responses, or one of very many inputs, has at the most (16 MiB).
  private static let mostNumbers = 1 << 21

  init(_ problem: ResponseProducts) {
    self.problem = problem
    let capacity: Int
    if problem.gram == nil {
      let perRow = max(problem.weights.outputsPerGroup * problem.unitCount, problem.order)
      capacity = min(max(Self.mostNumbers / max(perRow, 1), 1), InputPanel.usualCapacity)
      responses = [Double](
        repeating: 0, count: capacity * problem.weights.outputsPerGroup * problem.unitCount)
    } else {
      capacity = InputPanel.usualCapacity
      responses = []
    }
    inputs = InputPanel(problem.patches, problem.weights, order: problem.order, capacity: capacity)
  }

  var isFull: Bool { inputs.isFull }

  mutating func append(sample: Int, position: Int) { inputs.append(sample: sample, position: position) }

  /// Adds the rows to the sums and forgets them.
  mutating func flush(_ elements: UnsafeBufferPointer<Float>, into sums: UnsafeMutableBufferPointer<Double>) {
    guard inputs.count > 0, let base = sums.baseAddress else { return }
    for group in 0..<problem.weights.groups {
      inputs.fill(elements, group)
      if let gram = problem.gram {
        inputs.x.withUnsafeBufferPointer { x in
          guard let x = x.baseAddress else { return }
          gram.add(x, rows: inputs.count, to: base + group * gram.count)
        }
      } else {
        base[0] += respond(group)
        addResponses(to: base + 1)
      }
    }
    inputs.removeAll()
  }

  /// Forms the responses of a convolution group.
  /// - Returns: the sum of the squares of what they add up to.
  private mutating func respond(_ group: Int) -> Double {
    let (weights, order, units) = (problem.weights, problem.order, problem.unitCount)
    let (channels, outputs, kernel, rows) = (
      weights.inputsPerGroup, weights.outputsPerGroup, weights.kernel, inputs.count
    )
    let (firstChannel, firstOutput) = (group * channels, group * outputs)
    var squares = 0.0
    responses.withUnsafeMutableBufferPointer { responses in
      responses.update(repeating: 0)
      problem.rows.withUnsafeBufferPointer { weight in
        problem.places.withUnsafeBufferPointer { places in
          inputs.x.withUnsafeBufferPointer { x in
            for output in 0..<outputs {
              let factor = weights.factor(of: firstOutput + output)
              let start = (firstOutput &+ output) &* order
              for row in 0..<rows {
                let target = (row &* outputs &+ output) &* units
                var (whole, place) = (0.0, 0)
                for channel in 0..<channels {
                  var sum = 0.0
                  for _ in 0..<kernel {
                    sum += Double(weight[start &+ place]) * x[row &* order &+ place]
                    place &+= 1
                  }
                  sum *= factor
                  whole += sum
                  let unit = places[firstChannel &+ channel]
                  if unit >= 0 { responses[target &+ unit] += sum }
                }
                squares += whole * whole
              }
            }
          }
        }
      }
    }
    return squares
  }

  private func addResponses(to sums: UnsafeMutablePointer<Double>) {
    let inner = inputs.count * problem.weights.outputsPerGroup
    responses.withUnsafeBufferPointer { responses in
      guard var panel = responses.baseAddress else { return }
      var target = sums
      for count in problem.unitCounts {
        LinearAlgebra.addSquare(
          of: .init(panel, stride: problem.unitCount), order: count, inner: inner,
          toUpper: .init(target, stride: count))
        panel += count
        target += count * count
      }
    }
  }
}
