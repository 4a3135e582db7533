import Networks

/// How the units of a group must go so that every grouped convolution keeps groups of equal size.
enum EqualBlocks {
  /// Why no equal removal exists.
  struct Obstacle: Error {
    let reason: FreezeReason
  }

  /// For each grouped convolution among the members the units of every one of its groups.
  ///
  /// A grouped convolution cuts its inputs and its outputs into as many blocks as it has groups. A unit with equally many
  /// channels in every block may go alone; otherwise every unit must lie in one block, and all blocks must have equally
  /// many units, so that they can lose equally many.
  /// - Throws: `Obstacle` where blocks differ from the start.
  static func partitions(_ members: [ChannelMember], _ network: Network) throws(Obstacle) -> [[[Int]]] {
    var partitions: [[[Int]]] = []
    for member in members where member.role == .produce || member.role == .consume {
      guard case .convolution(let convolution) = network.nodes[member.node].operation, convolution.groups > 1,
        let weight = network.nodes[member.node].inputs[1]
      else { continue }
      let shape = network[weight].shape
      let channels = member.role == .produce ? shape[0] : shape[1] * convolution.groups
      let perBlock = channels / convolution.groups
      func obstacle(_ cause: String) -> Obstacle {
        Obstacle(
          reason: FreezeReason(
            place: member.name, opType: network.nodes[member.node].opType, cause: cause,
            unlock: "a convolution with one group there would free them"))
      }
      let isEven = member.indices.allSatisfy { indices in
        var counts = [Int](repeating: 0, count: convolution.groups)
        for index in indices { counts[index / perBlock] += 1 }
        return counts.allSatisfy { $0 == counts[0] }
      }
      if isEven { continue }
      var blocks = [[Int]](repeating: [], count: convolution.groups)
      for (unit, indices) in member.indices.enumerated() {
        let touched = Set(indices.map { $0 / perBlock })
        guard touched.count == 1, let block = touched.first else {
          throw obstacle("takes a unit's channels from some of its \(convolution.groups) groups")
        }
        blocks[block].append(unit)
      }
      guard !blocks.contains(where: \.isEmpty) else {
        throw obstacle("has channels of another origin in some of its \(convolution.groups) groups")
      }
      guard Set(blocks.map(\.count)).count == 1 else {
        throw obstacle("has unequal shares of these channels in its \(convolution.groups) groups")
      }
      guard blocks[0].count > 1 else {
        throw obstacle("has a single one of these channels in each of its \(convolution.groups) groups")
      }
      if !partitions.contains(blocks) { partitions.append(blocks) }
    }
    return partitions
  }
}
