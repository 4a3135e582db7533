import Channels
public import Configuration
public import Search

/// A network's layers and limits, as text for a terminal or as JSON for a script.
public struct InspectionReport {
  private let inspection: Inspection

  /// The report on a network.
  public init(_ inspection: Inspection) { self.inspection = inspection }

  /// Table and limits.
  /// - Parameter width: characters per line; `nil` for no limit.
  public func text(width: Int?) -> String {
    var table = TextTable([
      .init("layer", .leading, shrinking: .middle), .init("op", .leading, leaves: 6), .init("output", leaves: 4),
      .init("in", leaves: 5), .init("channels"), .init("group", leaves: 3), .init("FLOPs", leaves: 1),
      .init("params", leaves: 2), .init("prunable", .leading),
    ])
    for layer in inspection.layers {
      table.append(
        [
          layer.name, layer.convolutionGroups > 1 ? "\(layer.opType)/\(layer.convolutionGroups)" : layer.opType,
          layer.outputShape.map(String.init).joined(separator: "x"), String(layer.inputs), String(layer.channels),
          layer.groups.count > 1 ? "several" : layer.groups.first.map(String.init) ?? "-", Quantity.count(layer.flops),
          Quantity.count(layer.params), layer.reason == nil ? "yes" : "no",
        ], short: LayerIdentity(name: layer.name, opType: layer.opType, weight: layer.weight).modulePath)
    }
    var text = "\n"
    for layer in inspection.layers {
      text += layer.reason.map { "\("\(layer.name) stays whole: \($0)".printable())\n" } ?? ""
    }
    let units = inspection.prunableUnits.reduce(0) { $0 + $1.units }
    text += "\(Quantity.number(inspection.prunableUnits.count, "group")) with "
    text += "\(Quantity.number(units, "channel unit")) can be pruned\n"
    for (metric, cost, largestRatio) in inspection.totals {
      text += "\(metric.rawValue): \(Quantity.cost(Double(cost), SearchConfiguration.Metric(metric)))"
      switch metric {
      case .params: text += " weights, biases and parameters of normalisations"
      case .memory: text += " of them, with weights of 8 bits"
      default: text += " per sample"
      }
      text += ", at most \(Quantity.decimal(largestRatio, 2)) x smaller\n"
    }
    return table.text(width: width) + text.wrapped(to: width)
  }

  /// The same for a script: exact numbers, reasons in parts.
  public var json: JSONValue {
    var document = JSONObject()
    document["format_version"] = 1
    document["model"] = .string(inspection.model)
    var totals = JSONObject()
    for (metric, cost, largestRatio) in inspection.totals {
      totals[metric.rawValue] = ["cost": .integer(cost), "largest_compression_ratio": .number(largestRatio)]
    }
    document["totals"] = .object(totals)
    document["groups"] = .array(
      inspection.prunableUnits.map { ["group": .integer($0.group), "units": .integer($0.units)] })
    document["layers"] = .array(inspection.layers.map(\.json))
    return .object(document)
  }
}

extension Inspection.Layer {
  fileprivate var json: JSONValue {
    var layer = JSONObject()
    layer["name"] = .string(name)
    layer["op_type"] = .string(opType)
    layer["weight"] = .string(weight)
    layer["output_shape"] = .array(outputShape.map { .integer($0) })
    layer["in_channels"] = .integer(inputs)
    layer["channels"] = .integer(channels)
    layer["convolution_groups"] = .integer(convolutionGroups)
    layer["groups"] = .array(groups.map { .integer($0) })
    layer["flops"] = .integer(flops)
    layer["params"] = .integer(params)
    layer["prunable"] = .boolean(reason == nil)
    if let reason {
      var object: JSONObject = [
        "node": .string(reason.place), "op_type": .string(reason.opType), "cause": .string(reason.cause),
      ]
      object["unlock"] = reason.unlock.map { .string($0) }
      layer["reason"] = .object(object)
    }
    return .object(layer)
  }
}
