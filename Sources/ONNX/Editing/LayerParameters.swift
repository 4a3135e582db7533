import Networks

extension LayerParameters {
  /// The parameters that are given.
  var given: [(role: Role, numbers: [Float])] {
    let all: [(Role, [Float]?)] = [
      (.weight, weight), (.bias, bias), (.scale, scale), (.shift, shift), (.mean, mean), (.variance, variance),
    ]
    return all.compactMap { role, numbers in numbers.map { (role, $0) } }
  }

  /// What a parameter is to its layer.
  enum Role: String {
    case weight, bias, scale, shift, mean, variance
  }
}
