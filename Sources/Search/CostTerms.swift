import Allocation
import Channels
import Configuration

extension CostMetric {
  /// The metric that a configuration asks for; `nil` for the latency, which no formula gives.
  init?(_ metric: SearchConfiguration.Metric) {
    switch metric {
    case .bitComplexity: self = .bitComplexity
    case .flops: self = .flops
    case .macs: self = .macs
    case .params: self = .params
    case .memory: self = .memory
    case .activationMemory: self = .activationMemory
    case .latency: return nil
    }
  }
}

extension CostModel {
  /// The whole network's cost in a metric as products of kept counts.
  /// - Parameter choices: the widths that layers may choose; `nil` where those of the model hold.
  func terms(_ metric: CostMetric, _ choices: BitChoices? = nil) -> [CostTerm] {
    var terms: [CostTerm] = []
    for index in layers.indices {
      let (layer, bits) = (layers[index], bits[index])
      // Divided last, once: with a group count that is no power of two, a quotient in between would round, and costs that
      // meet the target exactly would miss it by a hair.
      let width: (LayerBits) -> Int
      let (factor, divisor): (Int, Int)
      switch metric {
      case .bitComplexity: (width, factor, divisor) = ({ $0.activation * $0.weight }, 2 * layer.positions, 1)
      case .flops: (width, factor, divisor) = ({ _ in 1 }, 2 * layer.positions, 1)
      case .macs: (width, factor, divisor) = ({ _ in 1 }, layer.positions, 1)
      case .params: (width, factor, divisor) = ({ _ in 1 }, 1, 1)
      case .memory: (width, factor, divisor) = (\.weight, 1, 8)
      case .activationMemory: (width, factor, divisor) = (\.activation, 1, 8)
      }
      let option = metric.countsBits ? choices?.factor(ofLayer: index, width) : nil
      let scale = factor * (option == nil ? width(bits) : 1)
      if metric == .activationMemory {
        let bytes = Double(layer.outputElements * scale) / Double(divisor)
        terms.append(CostTerm(coefficient: bytes, left: layer.outputs.form, option: option))
        continue
      }
      let coefficient = Double(layer.kernelElements * scale) / Double(layer.divisor * divisor)
      terms.append(
        CostTerm(coefficient: coefficient, left: layer.inputs.form, right: layer.outputs.form, option: option))
      if layer.hasBias, let cost = metric.perParameter {
        terms.append(CostTerm(coefficient: cost, left: layer.outputs.form))
      }
    }
    if let cost = metric.perParameter {
      terms += norms.map {
        CostTerm(coefficient: cost * Double($0.parametersPerChannel), left: $0.channels.form)
      }
    }
    return terms
  }
}

extension CostMetric {
  /// Whether the widths of numbers matter.
  fileprivate var countsBits: Bool { self == .bitComplexity || self == .memory || self == .activationMemory }

  /// What a parameter that is no weight of a layer costs; `nil` where it costs nothing.
  fileprivate var perParameter: Double? {
    switch self {
    case .params: 1
    case .memory: Double(CostModel.parameterBits) / 8
    default: nil
    }
  }
}

extension LayerCost {
  /// The layer's weights as NNI masks them: output channels go, input channels do not count.
  func weightsByOutput(full: [Int]) -> CostTerm {
    CostTerm(
      coefficient: Double(kernelElements * inputs.count(kept: full)) / Double(divisor), left: outputs.form)
  }
}

extension KeptChannels {
  /// The same sum for an allocator.
  var form: LinearForm {
    LinearForm(
      constant: Double(constant),
      terms: perUnit.map { LinearForm.Part(group: $0.group, perUnit: Double($0.channels)) })
  }
}
