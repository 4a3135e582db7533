public import Networks

import Glibc

/// A request's loss made ready for its network: losses of single samples, and their gradient at the head.
public struct LossFunction: Sendable {
  /// The value that the loss is differentiated at: the first output, or the logits behind a final softmax.
  public let head: ValueID

  let loss: Loss
  private let name: String
  let batchSize: Int
  /// Elements of the head per sample.
  let sampleElements: Int
  /// For the cross-entropies: classes on axis 1.
  public let classes: Int
  /// And positions behind them.
  public let positions: Int

  /// Checks that the head has the form that the loss takes.
  /// - Throws: `ExecutionError` when its first axis is not the batch, or there are no classes.
  fileprivate init(_ loss: Loss, of network: Network) throws(ExecutionError) {
    head = loss.head(of: network)
    self.loss = loss
    name = network[head].name
    batchSize = network.batchSize
    let shape = network[head].shape
    guard shape.rank >= 1, shape[0] == batchSize, shape.count > 0 else {
      throw ExecutionError(
        .unsupported, name, "the output has shape \(shape), expected \(batchSize) samples along axis 0")
    }
    sampleElements = shape.count / batchSize
    classes = shape.rank >= 2 ? shape[1] : 1
    positions = sampleElements / classes
    guard loss == .meanSquaredError || shape.rank >= 2 else {
      throw ExecutionError(.unsupported, name, "the output has shape \(shape), cross-entropy expects classes on axis 1")
    }
  }

  /// The samples' losses Lₙ in float64.
  ///
  /// - Parameters:
  ///   - values: the head, row-major.
  ///   - batch: its targets, and how many samples count.
  ///   - gradient: receives ∂Lₙ/∂head of every sample (not divided by the batch), zero for samples that do not count.
  /// - Throws: `ExecutionError` for a class that does not exist, targets of a wrong count, or a loss that is not finite.
  public func evaluate(_ values: [Double], _ batch: Batch, gradient: inout [Double]) throws(ExecutionError) -> [Double]
  {
    precondition(values.count == batchSize * sampleElements && gradient.count == values.count)
    for index in gradient.indices { gradient[index] = 0 }
    var losses = [Double](repeating: 0, count: batch.sampleCount)
    switch loss {
    case .crossEntropy, .agreement:
      let targets = try classTargets(batch, values)
      for sample in losses.indices {
        losses[sample] = crossEntropy(values, sample, &gradient) { targets[sample * positions + $0] }
      }
    case .meanSquaredError:
      if case .drawn(let numbers) = batch.targets {
        guard numbers.count == values.count else { throw wrongCount(values.count) }
        for sample in losses.indices { losses[sample] = drawnSquaredError(numbers, sample, &gradient) }
        break
      }
      guard case .dense(let targets) = batch.targets, targets.count == values.count else {
        throw wrongCount(values.count)
      }
      for sample in losses.indices {
        losses[sample] = squaredError(values, targets, sample, &gradient)
      }
    }
    for (sample, loss) in losses.enumerated() where !loss.isFinite {
      throw ExecutionError(.notFinite, name, "the loss is \(loss.isNaN ? "not a number" : "infinite")", sample: sample)
    }
    return losses
  }

  private func wrongCount(_ expected: Int) -> ExecutionError {
    ExecutionError(.badData, name, "expected \(expected) target values for a batch")
  }

  /// The classes that a batch is compared with: given ones, drawn ones, or without any those that are predicted.
  private func classTargets(_ batch: Batch, _ values: [Double]) throws(ExecutionError) -> [Int] {
    switch batch.targets {
    case .none, .classes, .dense:
      guard loss == .agreement else { return try givenClasses(batch) }
      return (0..<batch.sampleCount * positions).map {
        predictedClass(values, $0 / positions, position: $0 % positions)
      }
    case .drawn(let numbers):
      guard numbers.count == batchSize * positions else { throw wrongCount(batchSize * positions) }
      return (0..<batch.sampleCount * positions).map {
        drawnClass(values, $0 / positions, position: $0 % positions, numbers[$0])
      }
    case .ranked(let rank):
      return (0..<batch.sampleCount * positions).map {
        rankedClass(values, $0 / positions, position: $0 % positions, rank)
      }
    }
  }

  private func givenClasses(_ batch: Batch) throws(ExecutionError) -> [Int] {
    guard case .classes(let targets) = batch.targets, targets.count == batchSize * positions else {
      throw ExecutionError(.badData, name, "expected \(batchSize * positions) class indices for a batch")
    }
    for (index, target) in targets.enumerated() where !(0..<classes).contains(target) {
      throw ExecutionError(
        .badData, name, "the class is \(target), the output has \(classes) classes", sample: index / positions)
    }
    return targets
  }

  /// The largest output's class, the first of equals.
  private func predictedClass(_ values: [Double], _ sample: Int, position: Int) -> Int {
    let start = sample * sampleElements + position
    var best = 0
    for index in 1..<max(classes, 1) where values[start + index * positions] > values[start + best * positions] {
      best = index
    }
    return best
  }

  /// The class of a rank by the size of the output, the first of equals before the others.
  private func rankedClass(_ values: [Double], _ sample: Int, position: Int, _ rank: Int) -> Int {
    let start = sample * sampleElements + position
    let order = (0..<classes).sorted {
      let (first, second) = (values[start + $0 * positions], values[start + $1 * positions])
      return first != second ? first > second : $0 < $1
    }
    return order[min(rank, classes - 1)]
  }

  /// The first class at which the probabilities up to it add up to more than `number`.
  private func drawnClass(_ values: [Double], _ sample: Int, position: Int, _ number: Double) -> Int {
    let start = sample * sampleElements + position
    var largest = -Double.infinity
    for index in 0..<classes { largest = max(largest, values[start + index * positions]) }
    var sum = 0.0
    for index in 0..<classes { sum += exp(values[start + index * positions] - largest) }
    var left = number * sum
    for index in 0..<classes {
      left -= exp(values[start + index * positions] - largest)
      if left < 0 { return index }
    }
    return predictedClass(values, sample, position: position)
  }

  /// −log softmax(values)[target], the mean over positions; the gradient is (softmax − one-hot) ÷ positions.
  private func crossEntropy(
    _ values: [Double], _ sample: Int, _ gradient: inout [Double], target: (_ position: Int) -> Int
  ) -> Double {
    var total = 0.0
    for position in 0..<positions {
      let start = sample * sampleElements + position
      var largest = -Double.infinity
      for index in 0..<classes { largest = max(largest, values[start + index * positions]) }
      var sum = 0.0
      for index in 0..<classes { sum += exp(values[start + index * positions] - largest) }
      let wanted = target(position)
      total += log(sum) + largest - values[start + wanted * positions]
      for index in 0..<classes {
        let place = start + index * positions
        gradient[place] = (exp(values[place] - largest) / sum - (index == wanted ? 1 : 0)) / Double(positions)
      }
    }
    return total / Double(positions)
  }

  private func drawnSquaredError(_ numbers: [Double], _ sample: Int, _ gradient: inout [Double]) -> Double {
    let deviation = (Double(sampleElements) / 2).squareRoot()
    var total = 0.0
    for index in sample * sampleElements..<(sample + 1) * sampleElements {
      let difference = -deviation * numbers[index]
      total += difference * difference
      gradient[index] = 2 * difference / Double(sampleElements)
    }
    return total / Double(sampleElements)
  }

  private func squaredError(
    _ values: [Double], _ targets: [Float], _ sample: Int, _ gradient: inout [Double]
  ) -> Double {
    var total = 0.0
    for index in sample * sampleElements..<(sample + 1) * sampleElements {
      let difference = values[index] - Double(targets[index])
      total += difference * difference
      gradient[index] = 2 * difference / Double(sampleElements)
    }
    return total / Double(sampleElements)
  }
}

extension ExecutionRequest {
  /// The loss made ready; `nil` where none is asked for.
  /// - Throws: `ExecutionError` when the network does not go with the loss, or samples do not stay apart up to the head
  ///   and all that is reported.
  public func lossFunction() throws(ExecutionError) -> LossFunction? {
    var function: LossFunction?
    if let loss { function = try LossFunction(loss, of: network) }
    let samples = SampleAxes(of: network)
    let needed = neededNodes
    if let mixing = samples.mixingNodes.first(where: { needed[$0] }) {
      let node = network.nodes[mixing]
      throw ExecutionError(
        .unsupported, node.name,
        "\(node.opType) mixes the \(network.batchSize) samples of a batch, or moves them off their axis")
    }
    for value in ends + observed.map(\.value) {
      guard let axis = samples[value], axis != 0 else { continue }
      throw ExecutionError(
        .unsupported, network[value].name, "holds the samples of a batch along axis \(axis), expected axis 0")
    }
    return function
  }

  /// Which nodes what is asked for depends on, by node index; no other has to run.
  public var neededNodes: [Bool] { network.ancestors(of: ends) }

  private var ends: [ValueID] { (head.map { [$0] } ?? []) + outputs }
}

extension Batch {
  /// Checks a batch against the network that is to run it.
  /// - Throws: `ExecutionError` when an input has another number of elements, or no sample counts.
  public func check(against network: Network) throws(ExecutionError) {
    guard inputs.count == network.inputs.count else {
      throw ExecutionError(
        .badData, network.name, "a batch has \(inputs.count) inputs, the network has \(network.inputs.count)")
    }
    for (values, id) in zip(inputs, network.inputs) where values.count != network[id].shape.count {
      throw ExecutionError(
        .badData, network[id].name, "a batch has \(values.count) values, expected \(network[id].shape.count)")
    }
    guard (1...network.batchSize).contains(sampleCount) else {
      throw ExecutionError(.badData, network.name, "\(sampleCount) samples count in a batch of \(network.batchSize)")
    }
  }
}
