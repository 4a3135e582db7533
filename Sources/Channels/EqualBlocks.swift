import Networks

/// How the units of a group must go so that every grouped convolution keeps groups of equal size.
enum EqualBlocks {
  /// Why no equal removal exists.
  struct Obstacle: Error {
    let reason: FreezeReason
  }

  /// A node that cuts units into blocks, and the units of each.
  struct Partition {
    let node: Int
    let blocks: [[Int]]
  }

  /// For each grouped convolution among the members the units of every one of its groups, no two alike.
  ///
  /// A grouped convolution cuts its inputs and its outputs into as many blocks as it has groups. A unit with equally many
  /// channels in every block may go alone; otherwise every unit must lie in one block, and all blocks must have equally
  /// many units, so that they can lose equally many.
  /// - Throws: `Obstacle` where blocks differ from the start.
  static func partitions(_ members: [ChannelMember], _ network: Network) throws(Obstacle) -> [Partition] {
    var partitions: [Partition] = []
    for member in members {
      guard let (groups, channels) = blocks(of: member, network) else { continue }
      let perBlock = channels / groups
      let opType = network.nodes[member.node].opType
      let unlock = "a convolution with one group there would free them"
      func obstacle(_ cause: String) -> Obstacle {
        Obstacle(reason: FreezeReason(place: member.name, opType: opType, cause: cause, unlock: unlock))
      }
      let isEven = member.indices.allSatisfy { indices in
        // Few indices cannot be in all blocks; the counts of all blocks for each of them would take long.
        guard indices.count.isMultiple(of: groups) else { return false }
        if indices.isEmpty { return true }
        var counts = [Int](repeating: 0, count: groups)
        for index in indices { counts[index / perBlock] += 1 }
        return counts.allSatisfy { $0 == counts[0] }
      }
      if isEven { continue }
      var blocks = [[Int]](repeating: [], count: groups)
      for (unit, indices) in member.indices.enumerated() {
        let touched = Set(indices.map { $0 / perBlock })
        guard touched.count == 1, let block = touched.first else {
          throw obstacle("takes a unit's channels from some of its \(groups) groups")
        }
        blocks[block].append(unit)
      }
      guard !blocks.contains(where: \.isEmpty) else {
        throw obstacle("has channels of another origin in some of its \(groups) groups")
      }
      guard Set(blocks.map(\.count)).count == 1 else {
        throw obstacle("has unequal shares of these channels in its \(groups) groups")
      }
      guard blocks[0].count > 1 else {
        throw obstacle("has a single one of these channels in each of its \(groups) groups")
      }
      if !partitions.contains(where: { $0.blocks == blocks }) {
        partitions.append(Partition(node: member.node, blocks: blocks))
      }
    }
    return partitions
  }

  /// How many blocks a member's node makes of how many channels; `nil` where it makes none that could differ.
  private static func blocks(of member: ChannelMember, _ network: Network) -> (groups: Int, channels: Int)? {
    let node = network.nodes[member.node]
    guard let weight = node.inputs[1] else { return nil }
    let shape = network[weight].shape
    switch (node.operation, member.role) {
    case (.convolution(let convolution), .produce) where convolution.groups > 1: return (convolution.groups, shape[0])
    case (.convolution(let convolution), .consume) where convolution.groups > 1:
      return (convolution.groups, shape[1] * convolution.groups)
    case (.convolutionTranspose(let convolution), .produce) where convolution.groups > 1:
      return (convolution.groups, shape[1] * convolution.groups)
    case (.convolutionTranspose(let convolution), .consume) where convolution.groups > 1:
      return (convolution.groups, shape[0])
    default: return nil
    }
  }
}
