import Networks

/// How the units of a group must go so that every grouped convolution keeps groups of equal size.
///
/// A grouped convolution cuts its inputs and its outputs into as many blocks as it has groups. Where several cut the same
/// units, units are taken equally from every cell of the common refinement: then all of them stay equal.
struct EqualBlocks {
  /// Why no equal removal exists.
  struct Obstacle: Error {
    let reason: FreezeReason
  }

  let result: Result<[[Int]], Obstacle>

  init(_ members: [ChannelMember], unitCount: Int, _ network: Network) {
    var cells = [Array(0..<unitCount)]
    for member in members where member.role == .produce || member.role == .consume {
      guard case .convolution(let convolution) = network.nodes[member.node].operation, convolution.groups > 1,
        let weight = network.nodes[member.node].inputs[1]
      else { continue }
      let shape = network[weight].shape
      let channels = member.role == .produce ? shape[0] : shape[1] * convolution.groups
      let perBlock = channels / convolution.groups
      func obstacle(_ cause: String) -> Result<[[Int]], Obstacle> {
        .failure(
          Obstacle(
            reason: FreezeReason(
              place: member.name, opType: network.nodes[member.node].opType, cause: cause,
              unlock: "a convolution with one group there would free them")))
      }
      // A unit with indices in several blocks would have to go from all of them in step.
      let blockOfUnit = member.indices.map { Set($0.map { $0 / perBlock }) }
      if blockOfUnit.allSatisfy({ $0.count == convolution.groups }) { continue }
      guard blockOfUnit.allSatisfy({ $0.count == 1 }) else {
        result = obstacle("takes a unit's channels from some of its \(convolution.groups) groups")
        return
      }
      let blocks = blockOfUnit.map { $0.first ?? 0 }
      guard Set(blocks).count == convolution.groups else {
        result = obstacle("has channels of another origin in some of its \(convolution.groups) groups")
        return
      }
      cells = cells.flatMap { cell in
        Dictionary(grouping: cell) { blocks[$0] }.sorted { $0.key < $1.key }.map(\.value)
      }
      guard Set(cells.map(\.count)).count == 1 else {
        result = obstacle("has unequal shares of these channels in its \(convolution.groups) groups")
        return
      }
    }
    let whole = cells.count > 1 && cells.allSatisfy { $0.count == 1 }
    if whole, let member = members.first(where: { $0.role == .produce }) {
      result = .failure(
        Obstacle(
          reason: FreezeReason(
            place: member.name, opType: network.nodes[member.node].opType,
            cause: "each group of a grouped convolution has a single one of these channels")))
      return
    }
    result = .success(cells)
  }
}
