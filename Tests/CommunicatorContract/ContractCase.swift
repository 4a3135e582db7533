public import MessagePassing

/// One law that every communicator keeps: a check that all ranks of a communicator run together.
public struct ContractCase: Sendable, CustomStringConvertible {
  /// The law, as a sentence without its subject.
  public let name: String
  private let body: @Sendable (any Communicator) throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (any Communicator) throws -> Void) {
    self.name = name
    self.body = body
  }

  /// The law's name.
  public var description: String { name }

  /// Checks the law on this rank; every rank of the communicator calls it.
  ///
  /// - Throws: a `ContractViolation`, or what the communicator throws.
  public func check(_ world: any Communicator) throws {
    try body(world)
    // A rank that is done must not send the next check's messages to one that still receives from anybody.
    try world.barrier()
  }

  /// Every law.
  public static let all: [ContractCase] = collectives + reductions + messages + posts + refusals
}

/// A rank saw something else than the contract says.
public struct ContractViolation: Error, CustomStringConvertible {
  /// What was expected and what was found.
  public let description: String
}

/// Throws unless both are equal.
func expect<Value: Equatable>(_ found: Value, equals expected: Value, _ what: String) throws {
  guard found == expected else {
    throw ContractViolation(description: "\(what): expected \(brief(expected)), found \(brief(found))")
  }
}

/// Large arrays are cut: a failure has to fit a line.
private func brief<Value>(_ value: Value) -> String {
  let text = "\(value)"
  return text.count <= 200 ? text : text.prefix(200) + "..."
}

extension Communicator {
  /// Lengths worth trying: none, one, few, and more than a message holds when tests limit it.
  var lengths: [Int] {
    [0, 1, 1000, manyElements]
  }

  /// Enough elements to need many messages, or to be no small message where the limit is high.
  var manyElements: Int {
    messageLimit < 10_000 ? messageLimit * 20 + 1 : 70_001
  }
}

/// `count` small numbers that differ between neighbours and between seeds.
func pattern<Element: MessageElement & ExpressibleByIntegerLiteral>(
  _ count: Int, seed: Int, from number: (Int) -> Element
) -> [Element] {
  (0..<count).map { number(($0 * 7 + seed * 31) % 101) }
}
