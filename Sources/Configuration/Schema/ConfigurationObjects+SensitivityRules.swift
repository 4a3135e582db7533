extension ConfigurationObjects {
  private typealias Sensitivity = SearchConfiguration.Sensitivity

  /// What keys ask of each other beside one method.
  static func rules(with method: SearchConfiguration.Sensitivity.Method) -> [JSONValue] {
    switch method {
    case .taylor:
      [
        when(
          "order", is: 2, then: ["allOf": .array([none(of: Sensitivity.firstOrderKeys)] + secondOrderRules)],
          otherwise: ["allOf": .array([none(of: Sensitivity.secondOrderKeys)] + firstOrderRules)])
      ]
    case .external: [when("unit", is: "loss", then: values(["normalization": "none"]))]
    default: []
    }
  }

  private static let firstOrderRules: [JSONValue] = {
    let ofBatches = values(["level": "batch", "group_reduction": "sum"])
    return [
      values(["set_loss": "additive"]),
      when("reduction", is: "weight_abs", then: ofBatches),
      when("site", is: "consumer", then: ofBatches),
      when("site", is: "members", then: ["required": ["reduction"], "allOf": [values(["reduction": "weight_abs"])]]),
    ]
  }()

  private static let secondOrderRules: [JSONValue] = {
    let ofData = none(of: ["curvature_labels", "draws", "classes"])
    return [
      when("curvature", is: "fisher", then: ofData),
      when(
        "set_loss", is: "joint", isStandard: true, then: when("curvature", is: "fisher", isStandard: true, then: ofData)
      ),
      when("set_loss", is: "additive", then: none(of: ["damping", "first_order"])),
      when(
        "set_loss", is: "logits",
        then: [
          "allOf": [
            none(of: ["draws", "first_order"]), values(["curvature": "gauss_newton", "curvature_labels": "ranked"]),
          ]
        ],
        otherwise: when("curvature_labels", is: "drawn", isStandard: true, then: none(of: ["classes"]))),
      when("curvature_labels", is: "ranked", then: none(of: ["draws"])),
    ]
  }()
}
