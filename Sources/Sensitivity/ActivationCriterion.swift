public import Networks

/// A criterion that looks at what a channel answers to the samples, forward only.
public enum ActivationCriterion: String, Hashable, Sendable, CaseIterable {
  /// The share of elements that are not 0 behind the activation: 1 − the average percentage of zeros; Hu et al.,
  /// arXiv:1607.03250.
  case apoz
  /// The mean of the magnitude behind the activation; Molchanov et al., arXiv:1611.06440, section 2.2.
  case meanActivation = "mean_activation"

  /// Adds the elements of some samples to their channels' sums.
  /// - Parameters:
  ///   - elements: row-major, the samples along axis 0.
  ///   - shape: theirs, with any number of samples.
  ///   - axis: of the channels, > 0.
  public func add(_ elements: [Float], _ shape: [Int], channelAxis axis: Int, to sums: inout ArraySlice<Double>) {
    let run = shape[(axis + 1)...].reduce(1, *)
    let channels = shape[axis]
    precondition(sums.count == channels && run > 0)
    elements.withUnsafeBufferPointer { elements in
      for (block, start) in stride(from: 0, to: elements.count, by: run).enumerated() {
        var sum = 0.0
        switch self {
        case .apoz: for place in start..<start + run where elements[place] != 0 { sum += 1 }
        case .meanActivation: for place in start..<start + run { sum += Double(abs(elements[place])) }
        }
        sums[sums.startIndex + block % channels] += sum
      }
    }
  }
}

extension Network {
  /// The value behind the functions of single elements that follow a value one after another, each its only reader.
  public func activation(behind value: ValueID) -> ValueID {
    var value = value
    while true {
      let readers = nodes.filter { $0.inputs.contains(value) }
      guard readers.count == 1, !outputs.contains(value), case .unary = readers[0].operation else { return value }
      value = readers[0].outputs[0]
    }
  }
}
